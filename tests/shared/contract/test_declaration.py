from dataclasses import replace

from shared.contract.declaration import Batching, Declaration, Pipeline, Queue
from shared.contract.environment import Environment
from shared.contract.messages import FaceFound, FacesCounted, ImageFetched, ImageKept, RunRequested


class Lens(Environment):
    """Variables of the finder."""


FINDER = Declaration(name="finder", consumes=(ImageKept,), produces=(FaceFound, FacesCounted), environment=Lens)
COUNTER = Declaration(name="finder", queue="finder.counts", consumes=(FacesCounted,), batching=Batching())
WATCHER = Declaration(name="watcher", consumes=(FacesCounted, FaceFound), environment=Lens)
ALL = Pipeline((FINDER, COUNTER, WATCHER))


def test_a_queue_has_its_container_s_name_unless_it_is_given_one() -> None:
    assert FINDER.inbox == Queue("finder", (ImageKept,), has_bulk_lane=True)
    assert COUNTER.inbox == Queue("finder.counts", (FacesCounted,), single_active_consumer=True)
    assert replace(COUNTER, version=2).queue == "finder.counts"


def test_messages_about_pictures_and_faces_have_two_lanes_but_neither_those_about_runs_nor_an_owner_s() -> None:
    kinds = {FINDER: True, WATCHER: True, COUNTER: False, replace(FINDER, consumes=(RunRequested,)): False}
    assert {declaration: declaration.inbox.has_bulk_lane for declaration in kinds} == kinds


def test_a_container_runs_all_stages_of_its_name() -> None:
    assert ALL.containers == {"finder": (FINDER, COUNTER), "watcher": (WATCHER,)}
    assert list(ALL.containers) == ["finder", "watcher"]


def test_a_message_goes_to_all_queues_that_consume_it() -> None:
    assert [queue.name for queue in ALL.queues] == ["finder", "finder.counts", "watcher"]
    assert [queue.name for queue in ALL.routes(FacesCounted)] == ["finder.counts", "watcher"]
    assert ALL.routes(ImageFetched) == ()


def test_variables_that_several_stages_declare_are_one_model() -> None:
    assert ALL.environments == (Lens,)
