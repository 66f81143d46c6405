import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.magritte.pipeline import PIPELINE, checked_settings, load, load_all
from shared.contract import messages
from shared.contract.errors import SettingsError, Unusable
from shared.contract.messages import ItemDied, Message
from shared.contract.owner import Owner
from shared.contract.stage import Stage, python_name, stage_name

REPOSITORY = Path(__file__).parents[3]

FROM_OUTSIDE = {
    messages.PairGiven,
    messages.RunRequested,
    messages.TrainingDue,
    messages.ReviewClosed,
}
"""Published by what people ask for."""

CONSUMED = {kind for each in PIPELINE.declarations for kind in each.consumes}
PRODUCED = {kind for each in PIPELINE.declarations for kind in each.produces}


@pytest.fixture(scope="module")
def stages() -> tuple[Stage[Any, Any], ...]:
    return load_all()


def test_every_folder_of_services_is_a_container_of_the_pipeline_and_the_other_way_round() -> None:
    folders = {path.parent.name for path in (REPOSITORY / "services").glob("*/__init__.py")}
    assert folders - {"magritte"} == {python_name(name) for name in PIPELINE.containers}


def test_whatever_a_stage_produces_another_consumes() -> None:
    assert PRODUCED <= CONSUMED


def test_whatever_a_stage_consumes_another_produces_or_it_comes_from_outside() -> None:
    assert CONSUMED - PRODUCED - {ItemDied} == FROM_OUTSIDE


def test_every_message_travels() -> None:
    assert set(Message.types.values()) - {messages.Judgement} == CONSUMED | PRODUCED


def test_queues_are_named_after_their_container() -> None:
    assert [each.queue.split(".")[0] for each in PIPELINE.declarations] == [each.name for each in PIPELINE.declarations]
    names = [queue.name for queue in PIPELINE.queues]
    assert len(set(names)) == len(names)


def test_names_derive_from_folders_and_back() -> None:
    assert stage_name("face_detector") == "face-detector"
    for name in PIPELINE.containers:
        assert stage_name(python_name(name)) == name
        assert python_name(name).isidentifier()


def test_no_stage_gets_what_another_stage_of_the_same_container_gets() -> None:
    for stages in PIPELINE.containers.values():
        kinds = [kind for stage in stages for kind in stage.consumes]
        assert len(set(kinds)) == len(kinds)


def test_the_ledger_hears_of_everything_but_what_only_asks_for_work() -> None:
    requests = {
        messages.RunRequested,
        messages.ListingDue,
        messages.KeeperSettled,
        messages.FaceBoxed,
        messages.FacesDue,
        messages.DatasetDue,
        messages.LegDue,
    }
    ledger = next(each for each in PIPELINE.declarations if each.queue == "tfrecord-packer.ledger")
    assert set(ledger.consumes) == set(Message.types.values()) - requests - {messages.Judgement}


def test_state_with_one_owner_has_a_single_active_consumer(stages: tuple[Stage[Any, Any], ...]) -> None:
    owned = {queue.name for queue in PIPELINE.queues if queue.single_active_consumer}
    assert owned == {"scraper", "deduper.index", "tfrecord-packer.ledger"}  # the scraper owns the pace at each host
    assert {stage.declaration.queue for stage in stages if isinstance(stage, Owner)} == owned - {"scraper"}


def test_a_message_is_routed_to_the_queues_that_consume_it() -> None:
    assert [queue.name for queue in PIPELINE.routes(messages.ImageKept)] == ["face-detector", "tfrecord-packer.ledger"]
    assert [queue.name for queue in PIPELINE.routes(messages.LegDue)] == ["trainer"]
    assert [queue.name for queue in PIPELINE.routes(messages.DatasetDue)] == ["tfrecord-packer"]


def test_each_declaration_has_its_stage_in_the_folder_of_its_container(stages: tuple[Stage[Any, Any], ...]) -> None:
    assert tuple(stage.declaration for stage in stages) == PIPELINE.declarations
    for stage in stages:
        assert type(stage).__module__.startswith(f"services.{python_name(stage.name)}.")


def test_a_container_whose_libraries_are_missing_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagehash", None)
    for module in ("stage", "fingerprinting", "fingerprint", "look"):
        monkeypatch.delitem(sys.modules, f"services.deduper.{module}", raising=False)
    with pytest.raises(Unusable, match=r"deduper needs imagehash: install magritte\[deduper\]"):
        load("deduper")


def test_the_list_of_stages_loads_no_stage_and_none_of_their_libraries() -> None:
    code = "import sys, services.magritte.pipeline; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "PIL", "httpx", "cv2", "tensorflow", "pika", "minio"} & set(loaded)
    assert [name for name in loaded if name.startswith("services.") and name.endswith(".stage")] == []


def test_variables_of_every_stage_are_known_to_every_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "10.0.0.7")
    checked_settings()
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORK", "10.0.0.7")
    with pytest.raises(SettingsError, match=r"MAGRITTE_PRIVATE_NETWORK; there are .*MAGRITTE_PRIVATE_NETWORKS"):
        checked_settings()
