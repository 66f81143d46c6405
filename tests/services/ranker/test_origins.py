import json
from pathlib import Path

import pytest

from services.ranker.origins import origins
from shared.contract import keys
from shared.contract.messages import FaceFound, Stamp, now
from shared.ledger import journal
from shared.store.folder import FolderStore

IMAGE, ENTRY = "a" * 64, "e" * 20


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def list_page(store: FolderStore, source: int, **entries: object) -> None:
    page = {"entries": entries, "count": len(entries), "next": None}
    store.put(keys.listing("toy-001", source), json.dumps(page).encode())


def place(origin: str, **post: object) -> dict[str, object]:
    about = {"origin": origin, "source": "danbooru" if post else "folder", "artist": post.pop("artist", None)}
    return {"origin": origin, "score": 1, "image": IMAGE, "provenance": about, **({"post": post} if post else {})}


def test_a_face_has_the_places_of_its_picture_in_this_run_and_its_box(store: FolderStore) -> None:
    list_page(store, 0, a1=place("/pictures/a.png"), b1={"origin": "b", "score": 1, "reason": "no-face", "detail": ""})
    board = {"board": "danbooru.donmai.us", "number": 7, "address": "https://x/posts/7", "artist": "someone"}
    list_page(store, 1, a2=place("https://x/7.png", **board))
    found = FaceFound(
        run="toy-001", entry=ENTRY, image=IMAGE, face=2, crop="c" * 64, box=(-4, 5, 60, 70), angle=12.5, side=70
    ).model_copy(update={"confidence": 1.75, "detectors": ("animeface", "cascade")})
    assert journal.append(store, "toy-001", 1, [found.encode(Stamp(stage="face-detector", at=now()))])
    remarks = list[str]()
    known = origins(store, "toy-001", 2, remarks.append)
    assert known.of(IMAGE, 2) == {
        "origin": "/pictures/a.png; https://x/7.png",
        "source": "folder; danbooru",
        "board": "danbooru.donmai.us",
        "post": "7",
        "address": "https://x/posts/7",
        "artist": "someone",
        "entry": ENTRY,
        "angle": 12.5,
        "detector": "animeface+cascade",
        "confidence": 1.75,
        "left": -4,
        "top": 5,
        "width": 60,
        "height": 70,
    }
    assert "left" not in known.of(IMAGE, 0)
    assert known.of("b" * 64, 2) == {}
    assert remarks == []


def test_a_listing_that_cannot_be_read_is_told_of_and_the_others_are_read(store: FolderStore) -> None:
    store.put(keys.listing("toy-001", 0), b"no JSON")
    list_page(store, 1, a=place("/pictures/a.png"))
    remarks = list[str]()
    assert origins(store, "toy-001", 2, remarks.append).of(IMAGE, 0)["origin"] == "/pictures/a.png"
    assert "listings/0" in remarks[0]
