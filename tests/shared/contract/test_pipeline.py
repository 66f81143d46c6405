from pathlib import Path

import pytest

from shared.contract import messages, pipeline
from shared.contract.messages import ItemDied, Message
from shared.contract.pipeline import PIPELINE
from shared.contract.stage import python_name, stage_name

REPOSITORY = Path(__file__).parents[3]

FINAL = {messages.RankingReady}
"""Nothing follows upon these, but somebody who watches."""

FROM_OUTSIDE = {messages.RunRequested}
"""Published by whoever starts a run."""

CONSUMED = {kind for queue in pipeline.queues() for kind in queue.consumes}
PRODUCED = {kind for step in PIPELINE for kind in step.produces}


def test_every_folder_of_services_is_a_stage_of_the_pipeline_and_the_other_way_round() -> None:
    folders = {path.parent.name for path in (REPOSITORY / "services").glob("*/__init__.py")}
    assert folders - {"magritte"} == {python_name(step.name) for step in PIPELINE}


def test_whatever_a_stage_produces_another_consumes_or_it_is_final() -> None:
    assert PRODUCED - CONSUMED == FINAL


def test_whatever_a_stage_consumes_another_produces_or_it_comes_from_outside() -> None:
    assert CONSUMED - PRODUCED - {ItemDied} == FROM_OUTSIDE


def test_every_message_travels() -> None:
    assert set(Message.types.values()) - {messages.Judgement} == CONSUMED | PRODUCED


def test_queues_are_named_after_their_stage() -> None:
    for step in PIPELINE:
        assert [queue.name.split(".")[0] for queue in step.queues] == [step.name] * len(step.queues)
    names = [queue.name for queue in pipeline.queues()]
    assert len(set(names)) == len(names)


def test_names_derive_from_folders_and_back() -> None:
    assert stage_name("face_detector") == "face-detector"
    for step in PIPELINE:
        assert stage_name(python_name(step.name)) == step.name
        assert python_name(step.name).isidentifier()


def test_no_queue_gets_what_another_queue_of_the_same_stage_gets() -> None:
    for step in PIPELINE:
        kinds = [kind for queue in step.queues for kind in queue.consumes]
        assert len(set(kinds)) == len(kinds)


def test_the_packer_hears_of_everything_that_settles_a_picture() -> None:
    settling = {
        kind for kind in Message.types.values() if {"reason", "error", "faces", "picture"} & kind.model_fields.keys()
    }
    settling |= {kind for kind in Message.types.values() if "arrival" in kind.model_fields} - {messages.Judgement}
    assert settling <= set(pipeline.step("tfrecord-packer").queues[0].consumes)


def test_state_with_one_owner_has_a_single_active_consumer() -> None:
    owned = {queue.name for queue in pipeline.queues() if queue.single_active_consumer}
    assert owned == {"deduper.index", "tfrecord-packer"}


def test_a_message_is_routed_to_the_queues_that_consume_it() -> None:
    assert [queue.name for queue in pipeline.routes(messages.ImageKept)] == ["face-detector", "tfrecord-packer"]
    assert [queue.name for queue in pipeline.routes(messages.ImageFingerprinted)] == ["deduper.index"]
    assert pipeline.routes(messages.RankingReady) == ()


def test_the_producer_of_a_message_is_the_first_stage_that_publishes_it() -> None:
    assert pipeline.producer(messages.FaceNormalized) == "normalizer"
    assert pipeline.producer(messages.ImageDropped) == "scraper"


def test_a_step_is_found_by_its_name() -> None:
    assert pipeline.step("face-detector").name == "face-detector"
    with pytest.raises(KeyError):
        pipeline.step("face_detector")
