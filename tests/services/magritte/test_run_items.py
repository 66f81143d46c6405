import tracemalloc
from pathlib import Path

import pytest

from services.magritte.item_search import Found
from services.magritte.run_items import RUN, RunItems
from shared.contract import keys
from shared.contract.items import Face
from shared.contract.messages import (
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    LegDue,
    Message,
    SourceExhausted,
)
from shared.contract.reasons import Reason
from shared.ledger.fates import Fate
from shared.ledger.ledger import Ledger
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, list_pages, note

ENTRIES = [f"{number:020x}" for number in (10, 11, 12)]
IMAGE, OTHER = "0b" * 32, "0c" * 32
CROP, PICTURE = "c0ffee" + "0" * 58, "facade" + "0" * 58


@pytest.fixture
def remarks() -> list[str]:
    return []


@pytest.fixture
def items(store: FolderStore, run: str, remarks: list[str]) -> RunItems:
    """The items of a run of three files, of which two are one picture; the first has a face."""
    for entry, image, second in zip(ENTRIES, (IMAGE, IMAGE, OTHER), (1, 2, 3), strict=True):
        fetched = ImageFetched(run=run, entry=entry, image=image, source=0, origin=f"deep/{entry[-1]}.png")
        publish(store, "scraper", fetched, second)
    about = {"run": run, "entry": ENTRIES[0], "image": IMAGE, "face": 0}
    found = FaceFound.model_validate(about | {"crop": CROP, "box": (0, 0, 9, 9), "side": 9})
    publish(store, "face-detector", found, 5)
    publish(store, "normalizer", FaceNormalized.model_validate(about | {"picture": PICTURE}), 6)
    dropped = ImageDropped(run=run, entry=ENTRIES[1], stage="deduper", reason=Reason.CORRUPT)
    publish(store, "deduper", dropped, 4)
    return RunItems(store, run, remarks.append)


def publish(store: FolderStore, stage: str, message: Message, second: int) -> None:
    note(store, stage, message, at=f"2026-01-01T00:00:{second:02}.000+00:00", attempt=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENTRIES[0], Found([ENTRIES[0]])),
        (f"{ENTRIES[0].upper()}.0", Found([ENTRIES[0]])),
        ("a.png", Found([ENTRIES[0]])),
        ("deep/B.PNG", Found([ENTRIES[1]])),
        (".png", Found([], ENTRIES)),
        (IMAGE, Found(ENTRIES[:2])),
        (CROP[:6], Found([ENTRIES[0]])),
        (PICTURE, Found([ENTRIES[0]])),
        (RUN, Found([RUN])),
        ("nowhere.png", Found()),
        ("a\0b", Found()),
    ],
)
def test_entries_are_found_by_what_a_person_sees(items: RunItems, text: str, expected: Found) -> None:
    assert items.entries_meant(text) == expected


def test_the_listing_names_what_the_journal_does_not(store: FolderStore, run: str, items: RunItems) -> None:
    unfetched = "0" * 19 + "d"
    publish(store, "scraper", list_entries(store, run, {unfetched: {"origin": "later.png"}}), 7)
    again = RunItems(store, run, print)
    assert again.entries_meant("later.png") == Found([unfetched])
    assert {listed.entry for listed in again.listed()} == {unfetched, *ENTRIES}


def test_a_damaged_listing_is_remarked_and_the_journal_read(
    store: FolderStore, run: str, items: RunItems, remarks: list[str]
) -> None:
    store.put(keys.listing(run, 0), b'{"entries"')
    assert items.entries_meant("a.png") == Found([ENTRIES[0]])
    assert [remark for remark in remarks if "listings/0/" in remark] == remarks != []


def test_an_entry_s_story_has_its_faces_in_the_order_of_time(items: RunItems) -> None:
    story = items.story(ENTRIES[0])
    assert [(record["type"], record["item"]) for record in story] == [
        ("image-fetched", ENTRIES[0]),
        ("face-found", f"{ENTRIES[0]}.0"),
        ("face-normalized", f"{ENTRIES[0]}.0"),
    ]
    assert [record["stage"] for record in story] == ["scraper", "face-detector", "normalizer"]


def test_the_story_of_the_run_has_no_pictures(store: FolderStore, run: str, items: RunItems) -> None:
    publish(store, "scraper", SourceExhausted(run=run, source=0, count=3), 8)
    publish(store, "trainer", LegDue(run=run, version=1, dataset=IMAGE, training=IMAGE, leg=0), 9)
    assert [record["type"] for record in items.story(RUN)] == ["source-exhausted", "leg-due"]


def test_an_entry_has_a_settlement_an_original_and_faces(items: RunItems) -> None:
    assert items.settlement(ENTRIES[1]).fate is Fate.DROPPED
    assert [items.image(entry) for entry in (*ENTRIES, "f" * 20)] == [IMAGE, IMAGE, OTHER, ""]
    assert items.has_face(ENTRIES[0], 0)
    assert not items.has_face(ENTRIES[0], 1)
    assert not items.has_face(ENTRIES[1], 0)


@pytest.mark.usefixtures("items")
def test_all_entries_of_an_original_are_found_whatever_became_of_them(store: FolderStore, run: str) -> None:
    ledger = Ledger(store, run)
    assert ledger.entries_of_all({OTHER}) == {OTHER: ENTRIES[2:]}
    assert ledger.entries_of_faces({(IMAGE, 0), (IMAGE, 7), (CROP, 0)}) == {(IMAGE, 0): ENTRIES[:1]}
    assert ledger.entries_of_all({IMAGE, CROP}) == {IMAGE: ENTRIES[:2]}


def test_a_long_listing_is_looked_through_page_by_page(tmp_path: Path, recipe: Recipe) -> None:
    peaks = []
    for pages in (2, 40):
        store = FolderStore(tmp_path / str(pages))
        run = open_run(store, recipe).name
        list_pages(store, run, pages)
        assert not RunItems(store, run, print).entries_meant("nowhere").best  # nothing of the first time counts
        tracemalloc.start()
        found = RunItems(store, run, print).entries_meant("https://b.example/posts/7")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found == Found([f"{7:020x}"])
    per_entry = (peaks[1] - peaks[0]) / (200 * 38)
    assert per_entry < 200, f"{per_entry:.0f} bytes"


def test_the_faces_of_the_data_set_have_revisions_and_pictures(items: RunItems, store: FolderStore, run: str) -> None:
    assert items.members() == {}  # not yet: the number of faces is not known
    publish(store, "face-detector", FacesCounted(run=run, entry=ENTRIES[0], image=IMAGE, faces=1), 7)
    later = RunItems(store, run, print)
    assert later.members() == {Face(ENTRIES[0], 0): 0}
    assert [(each.item, each.picture) for each in later.messages_of(FaceNormalized)] == [(Face(ENTRIES[0], 0), PICTURE)]
