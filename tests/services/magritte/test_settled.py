import pytest

from services.magritte.run_items import RunItems
from services.magritte.screen import remark
from services.magritte.settled import Wanted, find_settled
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.items import Entry, Face
from shared.contract.messages import (
    Decision,
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageFetched,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    VerdictGiven,
)
from shared.contract.reasons import Reason
from shared.ledger.fates import PERSON
from shared.store import FolderStore
from tests.shared.ledgers import note

ENTRY, OTHER = "0" * 20, "1" * 20
IMAGE, BETTER, CROP, PICTURE = "a" * 64, "b" * 64, "c" * 64, "d" * 64


@pytest.fixture
def one_face(store: FolderStore, run: str) -> str:
    """A run of a picture with one face, which is in the data set."""
    about = {"run": run, "entry": ENTRY, "image": IMAGE}
    note(store, "scraper", ImageFetched.model_validate(about | {"source": 0, "origin": "a.png"}))
    note(store, "deduper", ImageKept.model_validate(about | {"arrival": 1, "decisions": 1}))
    found = about | {"face": 0, "crop": CROP, "box": (0, 0, 9, 9), "side": 9}
    note(store, "face-detector", FaceFound.model_validate(found), FacesCounted.model_validate(about | {"faces": 1}))
    note(store, "normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": PICTURE}))
    return run


def found(store: FolderStore, run: str, **wanted: object) -> list[tuple[object, str, str, str]]:
    settled = find_settled(RunItems(store, run, remark), Wanted(**wanted))  # type: ignore[arg-type]
    return [(each.item, each.fate.reason, each.detail, each.key) for each in settled]


def test_a_kept_face_is_shown_by_its_picture_of_the_data_set(store: FolderStore, one_face: str) -> None:
    assert found(store, one_face, kept=True) == [(Face(ENTRY, 0), "", "", keys.normalized(PICTURE))]


def test_a_rejected_face_was_left_out_by_a_person(store: FolderStore, one_face: str) -> None:
    verdict = {"run": one_face, "entry": ENTRY, "face": 0, "image": IMAGE, "decision": Decision.DROP, "number": 1}
    note(store, PERSON, VerdictGiven.model_validate(verdict))
    assert found(store, one_face, stage=PERSON) == [(Face(ENTRY, 0), "rejected", "", keys.normalized(PICTURE))]
    with pytest.raises(NotFound, match="nothing is in the data set yet"):
        found(store, one_face, kept=True)


def test_a_picture_with_a_better_copy_is_one_item_that_names_that_copy(store: FolderStore, one_face: str) -> None:
    about = {"run": one_face, "arrival": 2, "decisions": 2}
    fetched = {"run": one_face, "entry": OTHER, "image": BETTER, "source": 0, "origin": "better.png"}
    note(store, "scraper", ImageFetched.model_validate(fetched))
    copy = fetched | {"entry": "2" * 20, "origin": "the same again.png"}
    note(store, "scraper", ImageFetched.model_validate(copy))
    note(store, "deduper", ImageKept.model_validate(about | {"entry": OTHER, "image": BETTER}))
    superseded = {"entry": ENTRY, "image": IMAGE, "by": BETTER, "reason": Reason.NEAR_DUPLICATE}
    note(store, "deduper", ImageSuperseded.model_validate(about | superseded))
    expected = (Entry(ENTRY), "near-duplicate", "kept: better.png", keys.original(IMAGE))
    assert found(store, one_face, reason="near-duplicate") == [expected]
    again = {"entry": "2" * 20, "image": BETTER, "by": BETTER, "reason": Reason.EXACT_DUPLICATE, "arrival": 3}
    note(store, "deduper", ImageSuperseded.model_validate(about | again))
    expected = (Entry("2" * 20), "exact-duplicate", "kept: better.png", keys.original(BETTER))
    assert found(store, one_face, reason="exact-duplicate") == [expected]


def test_what_died_is_shown_with_its_error(store: FolderStore, run: str) -> None:
    note(store, "scraper", ItemDied(run=run, entry=ENTRY, stage="scraper", error="KeyError", detail="'size'"))
    assert found(store, run) == [(Entry(ENTRY), "KeyError", "'size'", "")]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (Wanted(), "left-out"),
        (Wanted(kept=True), "kept"),
        (Wanted(reason="no-face", stage="face-detector"), "face-detector-no-face"),
    ],
)
def test_a_choice_has_a_name_for_its_file(wanted: Wanted, name: str) -> None:
    assert wanted.name == name
