import json

import pytest

from services.magritte.report import Report, print_report, report
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.events import Emitted
from shared.contract.messages import FaceNormalized, FacesCounted, ImageDropped, ImageFetched, ImageKept
from shared.contract.reasons import Reason
from shared.ledger.progress import Phase
from shared.runs.controls import pause
from shared.runs.events import keep_event
from shared.store import FolderStore
from tests.shared.ledgers import finish, list_entries, note
from tests.shared.legs import complete, pack, tick

ENTRIES = [f"{number:020x}" for number in range(4)]
IMAGE = "0b" * 32


@pytest.fixture
def gathered(store: FolderStore, run: str) -> str:
    """A run of four pictures: one with its face in the data set, one whose face is under way, one dropped, one new."""
    note(store, "scraper", *(ImageFetched(run=run, entry=entry, image=IMAGE, source=0) for entry in ENTRIES))
    note(store, "scraper", list_entries(store, run, {entry: {} for entry in ENTRIES}))
    for number, entry in enumerate(ENTRIES[:2], start=1):
        about = {"run": run, "entry": entry, "image": IMAGE}
        note(store, "deduper", ImageKept.model_validate(about | {"arrival": number, "decisions": 1}))
        note(store, "face-detector", FacesCounted.model_validate(about | {"faces": 1}))
    note(store, "normalizer", FaceNormalized(run=run, entry=ENTRIES[0], image=IMAGE, face=0, picture=IMAGE))
    note(store, "deduper", ImageDropped(run=run, entry=ENTRIES[2], stage="deduper", reason=Reason.CORRUPT))
    return run


def fates(found: Report) -> dict[str, int]:
    return {" ".join(filter(None, (fate.fate, fate.stage, fate.reason))): count for fate, count in found.fates.items()}


def test_every_picture_has_one_fate(store: FolderStore, gathered: str) -> None:
    found = report(store, gathered)
    assert (found.run, found.phase, found.pictures, found.faces) == (gathered, Phase.GATHERING, 4, 1)
    assert sum(found.fates.values()) == 4
    assert fates(found)["dropped deduper corrupt"] == 1
    assert fates(found)["in-dataset"] == 1
    assert fates(found)["undecided"] == 2
    assert found.stages["scraper", "image-fetched"] == 4


def test_a_program_gets_the_same_counts(store: FolderStore, gathered: str) -> None:
    found = json.loads(json.dumps(report(store, gathered).as_json()))
    assert (found["phase"], found["finished"], found["training"]) == ("gathering", False, None)
    assert sum(each["pictures"] for each in found["fates"]) == found["pictures"] == 4
    assert {"stage": "deduper", "message": "image-kept", "count": 2} in found["stages"]


def test_results_have_addresses(store: FolderStore, gathered: str) -> None:
    assert report(store, gathered).results == {}
    pack(store, gathered)
    snapshot = complete(store, gathered, 1)
    found = report(store, gathered)
    assert found.training is not None
    assert found.training.leg == 1
    assert set(found.results.values()) >= {store.url(snapshot.key("network.npz"))}
    assert not found.results["data set"].endswith(keys.MANIFEST)


def test_statistics_that_cannot_be_read_are_a_remark(store: FolderStore, gathered: str) -> None:
    pack(store, gathered)
    snapshot = complete(store, gathered, 1)
    store.put(snapshot.key("stats.jsonl"), b'{"tick"')
    found = report(store, gathered)
    assert found.training is None
    assert len(found.remarks) == 1
    assert snapshot.key("stats.jsonl") in found.remarks[0]


def test_a_person_reads_counts_pauses_and_the_last_tick(
    store: FolderStore, gathered: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pause(store, "trainer")
    keep_event(store, Emitted(tick(1500).event(), "trainer", gathered, "run", "2026-11-27T12:00:00.000+00:00"))
    print_report(store, gathered)
    printed = capsys.readouterr().out
    assert f"run {gathered}, gathering: 4 pictures, 1 faces in the data set" in printed
    assert "paused: trainer; `magritte continue STAGE` lets one go on" in printed
    assert "last tick" in printed
    table = [line.split() for line in printed.splitlines()]
    assert table.index(["1", "in-dataset"]) < table.index(["1", "dropped", "deduper", "corrupt"])


def test_a_finished_run_is_reported_as_such(store: FolderStore, run: str) -> None:
    finish(store, run)
    assert report(store, run).as_json()["finished"] is True


def test_a_run_that_is_not_there_has_no_report(store: FolderStore) -> None:
    with pytest.raises(NotFound):
        report(store, "bea-001")
