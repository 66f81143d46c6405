import json
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import (
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    Message,
    RunRequested,
    SourceExhausted,
)
from shared.contract.reasons import Reason
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.dead_letters import bury, keep
from shared.runs.registry import open_run
from shared.runs.resumption import outstanding
from shared.runtime.records import leave_trail
from shared.store import FolderStore

RUN, IMAGE = "anya-001", "0b" * 32
OPEN, GONE, READY = "0a" * 10, "0b" * 10, "0c" * 10


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """A run of two sources: the first has been listed, the second has not."""
    store = FolderStore(tmp_path)
    folders = tuple(FolderSource(folder=tmp_path / name) for name in ("one", "two"))
    assert open_run(store, Recipe(name="anya", sources=folders)).name == RUN
    store.put(keys.listing(RUN, 0), json.dumps({"entries": {}, "count": 3}).encode())
    return store


def told(store: FolderStore, stage: str, *messages: Message) -> set[Message]:
    for message in messages:
        leave_trail(store, stage, message, {"at": "2026-11-24T00:00:00.000+00:00", "attempt": 1, "seconds": 0.1})
    return set(messages)


def fetched(entry: str) -> ImageFetched:
    return ImageFetched(run=RUN, entry=entry, image=IMAGE, source=0, score=3)


def kept(entry: str, arrival: int, decisions: int = 1) -> ImageKept:
    return ImageKept(run=RUN, entry=entry, image=IMAGE, arrival=arrival, decisions=decisions)


def ready(store: FolderStore, entry: str) -> None:
    about = {"run": RUN, "entry": entry, "image": IMAGE}
    told(store, "face-detector", FacesCounted.model_validate(about | {"faces": 1}))
    told(store, "normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": IMAGE}))


def test_everything_that_was_said_of_an_unsettled_picture_is_said_again(store: FolderStore) -> None:
    face = FaceFound(run=RUN, entry=OPEN, image=IMAGE, face=0, crop=IMAGE, box=(1, 2, 3, 4), side=4)
    said = told(store, "scraper", fetched(OPEN)) | told(store, "deduper", kept(OPEN, 1))
    said |= told(store, "face-detector", FacesCounted(run=RUN, entry=OPEN, image=IMAGE, faces=1), face)
    assert said <= set(outstanding(store, RUN))


def test_nothing_is_said_again_of_a_settled_picture(store: FolderStore) -> None:
    told(store, "scraper", fetched(GONE), fetched(READY))
    told(store, "deduper", ImageDropped(run=RUN, entry=GONE, stage="deduper", reason=Reason.CORRUPT), kept(READY, 1))
    ready(store, READY)
    assert {str(message.item) for message in outstanding(store, RUN)} == {"run"}


def test_a_settled_picture_is_spoken_of_while_a_decision_of_its_arrival_is_unknown(store: FolderStore) -> None:
    told(store, "deduper", kept(OPEN, 1), kept(READY, 2, decisions=2))
    ready(store, OPEN)
    ready(store, READY)
    assert kept(READY, 2, decisions=2) in set(outstanding(store, RUN))
    told(
        store,
        "deduper",
        ImageSuperseded(
            run=RUN, entry=OPEN, image=IMAGE, arrival=2, decisions=2, by=IMAGE, reason=Reason.NEAR_DUPLICATE
        ),
    )
    assert {str(message.item) for message in outstanding(store, RUN)} == {"run"}


def test_sources_that_were_not_listed_to_their_end_are_asked_for_and_the_others_told_of_last(
    store: FolderStore,
) -> None:
    told(store, "scraper", fetched(OPEN))
    messages = list(outstanding(store, RUN))
    assert messages[0] == RunRequested(run=RUN, source=1)
    assert messages[-1] == SourceExhausted(run=RUN, source=0, count=3)


def test_an_unknown_run_is_not_found(store: FolderStore) -> None:
    with pytest.raises(NotFound):
        list(outstanding(store, "bond-001"))


def test_stray_files_in_the_trail_are_passed_over(store: FolderStore) -> None:
    told(store, "scraper", fetched(OPEN))
    expected = list(outstanding(store, RUN))
    (store.root / keys.trail(RUN, OPEN) / "X (conflicted copy).json").write_bytes(b"")
    assert list(outstanding(store, RUN)) == expected


def test_a_record_that_cannot_be_told_again_is_named(store: FolderStore) -> None:
    told(store, "scraper", fetched(OPEN))
    (key,) = store.list(keys.trail(RUN, OPEN))
    store.put(key, b"")
    with pytest.raises(Unreadable, match=f"{key} is empty, as after a power failure. Delete it and run again"):
        list(outstanding(store, RUN))


def test_a_dead_letter_that_was_replayed_is_published_again_until_it_comes_to_something(store: FolderStore) -> None:
    request, died = RunRequested(run=RUN, source=0), ItemDied(run=RUN, entry=OPEN, stage="scraper", error="value-error")
    keep(store, bury(store, "scraper", request.encode(), request, (4, ValueError("odd")), OPEN).replayed())
    told(store, "scraper", died)
    assert request in set(outstanding(store, RUN))
    told(store, "scraper", fetched(OPEN))
    told(store, "deduper", kept(OPEN, 1))
    ready(store, OPEN)
    assert request not in set(outstanding(store, RUN))
