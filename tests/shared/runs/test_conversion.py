"""Runs as versions of before 2026-11-28 have left them, and what becomes of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.contract import keys
from shared.contract.errors import Unreadable
from shared.contract.messages import (
    DatasetPacked,
    FaceNormalized,
    FacesCounted,
    ImageFetched,
    ImageKept,
    LegDue,
    Message,
    RankingReady,
    SnapshotTaken,
    SourceExhausted,
)
from shared.ledger.progress import Phase
from shared.recipe.recipe import Recipe
from shared.runs import trainings
from shared.runs.conversion import convert
from shared.runs.registry import open_run, read_state
from shared.runs.results import results
from shared.store import FolderStore
from tests.shared.ledgers import story
from tests.shared.legs import complete

ENTRY, IMAGE, DATASET = "0a" * 10, "0b" * 32, "0d" * 32


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def leave(store: FolderStore, stage: str, message: Message, label: str, at: int, **more: Any) -> None:
    """Write a fact as it was written then: an object whose key tells it once more."""
    body = {"stage": stage, **message.finding(), "at": f"2026-11-20T12:00:{at:02d}.000+00:00", "attempt": 1, **more}
    store.put(
        f"{keys.trail(message.run)}{message.item}/{stage}.{message.kind()}.{label}.json", json.dumps(body).encode()
    )


@pytest.fixture
def run(store: FolderStore, recipe: Recipe) -> str:
    """A finished run of one picture with a face, which was trained on and ranked."""
    run = open_run(store, recipe).name
    snapshot = complete(store, run, 1, dataset=DATASET, last=True)
    store.delete(keys.journal(run, 1))  # which `complete` has written
    about = {"run": run, "entry": ENTRY, "image": IMAGE}
    leave(store, "scraper", ImageFetched.model_validate(about | {"source": 0, "score": 3}), "none.0.0", 1, seconds=0.5)
    leave(store, "deduper", ImageKept.model_validate(about | {"arrival": 1, "decisions": 1}), "none.1.1", 2)
    leave(store, "face-detector", FacesCounted.model_validate(about | {"faces": 1}), "none.1.0", 3, action="0e" * 32)
    leave(store, "normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": IMAGE}), "none.0.0", 4)
    leave(store, "scraper", SourceExhausted(run=run, source=0, count=1), "none.0.0", 5)
    leave(store, "tfrecord-packer", DatasetPacked(run=run, version=1, digest=DATASET), "none.0.1", 6)
    listing = {"entries": {ENTRY: {"origin": "a.png", "score": 3, "image": IMAGE}}, "count": 1}
    store.put(keys.old_listing(run, 0), json.dumps(listing).encode())
    store.put(keys.old_provenance(IMAGE, ENTRY), b'{"origin": "a.png", "artist": "somebody"}')
    arrival = {"fingerprint": {"run": run, "entry": ENTRY}, "decisions": [{"entry": ENTRY, "by": None}]}
    store.put(keys.old_arrival(run, 1), json.dumps(arrival).encode())
    store.put(keys.dataset_version(run, 1), json.dumps({"digest": DATASET}).encode())
    leg = {"run": run, "version": 1, "dataset": DATASET, "training": snapshot.training, "leg": 1}
    leave(store, "trainer", LegDue.model_validate(leg | {"leg": 0}), "none.0.1", 7)
    leave(store, "trainer", SnapshotTaken.model_validate(leg | {"kimg": 1.0, "last": True}), "none.1.1", 8)
    leave(store, "ranker", RankingReady.model_validate(leg), "none.1.1", 9)
    terms = '{"shuffles":5,"sheet":48}'
    store.put(trainings.ranking_key(snapshot.training, 1, terms, "ranking.csv"), b"")
    return run


def test_a_finished_run_has_the_same_pictures_phase_and_results(store: FolderStore, run: str) -> None:
    with pytest.raises(Unreadable, match="magritte convert"):
        read_state(store, run)
    assert convert(store, run) == 8
    state = read_state(store, run)
    assert (state.phase, state.pictures, state.faces) == (Phase.FINISHED, 1, 1)
    objects = results(store, run, state).objects
    assert {"data set", "network", "ranking"} <= objects.keys()


def test_the_journal_has_every_fact_in_the_order_of_time_with_its_circumstances(store: FolderStore, run: str) -> None:
    convert(store, run)
    records = story(store, run)
    assert [record["type"] for record in records] == [
        "image-fetched", "image-kept", "faces-counted", "face-normalized", "source-exhausted", "snapshot-taken",
        "ranking-ready", "dataset-packed",
    ]  # fmt: skip
    assert records[0].items() >= {"teller": "scraper", "attempt": 1, "seconds": 0.5, "score": 3}.items()
    assert records[2]["action"] == "0e" * 32


def test_provenance_and_arrivals_are_where_they_are_looked_for_now(store: FolderStore, run: str) -> None:
    convert(store, run)
    listing = json.loads(store.get(keys.old_listing(run, 0)))
    assert listing["entries"][ENTRY]["provenance"]["artist"] == "somebody"
    (line,) = store.get(keys.arrival(run, 1)).splitlines()
    assert json.loads(line)["fingerprint"]["entry"] == ENTRY


def test_a_conversion_that_was_interrupted_is_done_again(store: FolderStore, run: str) -> None:
    convert(store, run)
    before = store.get(keys.journal(run, 1))
    store.delete(keys.journal(run, 1))  # it is written last
    convert(store, run)
    assert store.get(keys.journal(run, 1)) == before
    assert convert(store, run) == 0


def test_what_is_no_record_or_cut_short_is_told_of_and_the_rest_converted(store: FolderStore, run: str) -> None:
    trail = store.root / keys.trail(run) / ENTRY
    (trail / "X (conflicted copy).json").write_bytes(b"")
    (trail / "scraper.image-fetched.none.0.0.json").write_bytes(b"")
    skipped: list[str] = []
    assert convert(store, run, skipped.append) == 7
    assert len(skipped) == 2


def test_a_run_that_has_nothing_yet_has_nothing_to_convert(store: FolderStore, recipe: Recipe) -> None:
    run = open_run(store, recipe).name
    assert convert(store, run) == 0
    assert not store.exists(keys.journal(run, 1))


@pytest.mark.parametrize("content", [None, b"", b'{"ori'])
def test_provenance_that_is_lost_is_told_of_and_made_of_what_is_left(
    store: FolderStore, run: str, content: bytes | None
) -> None:
    key = keys.old_provenance(IMAGE, ENTRY)
    store.delete(key)
    if content is not None:
        store.put(key, content)
    skipped: list[str] = []
    convert(store, run, skipped.append)
    assert skipped == [key]
    found = json.loads(store.get(keys.old_listing(run, 0)))["entries"][ENTRY]
    assert found["provenance"] == {"source": "folder", "origin": "a.png", "score": 3}
