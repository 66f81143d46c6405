"""Faces that are compared with each other, as they were cut out."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from services.deduper.face_index import FaceIndex, ReadyFace, by_digest, face_eyes
from services.deduper.pair_verdicts import PairVerdicts
from shared.contract import keys
from shared.contract.items import Face
from shared.contract.messages import PairDecision
from shared.ledger.verdicts import Verdict, give
from shared.recipe.duplicates import Duplicates
from shared.store import FolderStore
from tests.services.deduper.conftest import Drawing, Encoded

RULES = Duplicates()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


class Faces:
    """Faces whose pictures lie in a store."""

    def __init__(self, store: FolderStore, encoded: Encoded) -> None:
        self._store, self._encoded = store, encoded
        self.all: list[ReadyFace] = []

    def add(self, picture: Image.Image, original: int | None = None) -> ReadyFace:
        number = len(self.all)
        image, digest = f"{number if original is None else original:064x}", f"{number + 1000:064x}"
        self._store.put(keys.crop(digest), self._encoded(picture))
        self.all.append(ReadyFace(Face(f"{number:020x}", 0), image, digest, f"{number + 2000:064x}"))
        return self.all[-1]

    def compared(self, index: FaceIndex | None = None, verdicts: PairVerdicts | None = None) -> FaceIndex:
        index = index or FaceIndex(RULES)
        eyes = face_eyes(RULES, by_digest(self.all), verdicts or PairVerdicts("anya"), self._store)
        for face in index.missing(self.all):
            index.add(face, self._store, eyes)
        index.settle(self.all)
        return index


@pytest.fixture
def faces(store: FolderStore, encoded: Encoded) -> Faces:
    return Faces(store, encoded)


def found(index: FaceIndex) -> dict[str, str | None]:
    return {decision.image: decision.by for decision in index.decisions()}


def test_the_face_that_was_cut_out_largest_is_kept(drawing: Drawing, faces: Faces) -> None:
    small = faces.add(drawing(0).resize((200, 250)))
    large = faces.add(drawing(0).crop((8, 8, 392, 492)))
    faces.add(drawing(1))
    assert found(faces.compared()) == {small.digest: large.digest, large.digest: None}


def test_faces_with_another_mouth_are_different(drawing: Drawing, faces: Faces) -> None:
    faces.add(drawing(0))
    winking = drawing(0).copy()
    ImageDraw.Draw(winking).ellipse((150, 210, 230, 280), fill="#103070", outline="#f0e0a0", width=8)
    faces.add(winking)
    assert found(faces.compared()) == {}


def test_faces_of_one_original_are_no_copies(drawing: Drawing, faces: Faces) -> None:
    faces.add(drawing(0), original=7)
    faces.add(drawing(0), original=7)
    assert found(faces.compared()) == {}


def test_neighbours_whose_crops_share_a_part_are_no_copies(drawing: Drawing, faces: Faces) -> None:
    wide = drawing(3, (800, 500))
    faces.add(wide.crop((0, 0, 500, 500)))
    faces.add(wide.crop((180, 0, 680, 500)))
    assert found(faces.compared()) == {}


def test_a_worse_copy_is_kept_again_when_the_better_face_is_gone(drawing: Drawing, faces: Faces) -> None:
    small, large = faces.add(drawing(0).resize((200, 250))), faces.add(drawing(0))
    index = faces.compared()
    assert found(index)[small.digest] == large.digest
    index.settle([small])
    assert found(index)[small.digest] is None
    index.settle([small, large])
    assert found(index)[small.digest] == large.digest


def test_what_was_found_is_taken_up_from_the_state_without_another_look(
    drawing: Drawing, faces: Faces, store: FolderStore
) -> None:
    for size in (500, 300, 200):
        faces.add(drawing(0).resize((size * 4 // 5, size)))
    first = faces.compared()
    for face in faces.all:
        store.delete(keys.crop(face.crop))
    again = FaceIndex(RULES, (), first.state())
    assert again.missing(faces.all) == []
    assert found(faces.compared(again)) == found(first) != {}


@pytest.mark.parametrize("state", [b"", b"PK", FaceIndex(Duplicates(strictness=70)).state()])
def test_a_damaged_state_and_one_of_other_rules_is_passed_over(drawing: Drawing, faces: Faces, state: bytes) -> None:
    faces.add(drawing(0))
    faces.add(drawing(0).resize((200, 250)))
    assert len(found(faces.compared(FaceIndex(RULES, (), state)))) == 2


def test_faces_of_originals_that_a_person_has_called_different_are_no_copies(
    drawing: Drawing, faces: Faces, store: FolderStore
) -> None:
    one, other = faces.add(drawing(0)), faces.add(drawing(0).resize((200, 250)))
    before = faces.compared()
    assert len(found(before)) == 2
    give(store, "anya", Verdict(image=one.image, other=other.image, decision=PairDecision.APART, who="me"))
    verdicts = PairVerdicts("anya")
    verdicts.read(store)
    apart = verdicts.apart({one.image, other.image})
    assert found(faces.compared(FaceIndex(RULES, apart, before.state()), verdicts)) == {}


def test_a_face_whose_picture_is_gone_is_no_copy(drawing: Drawing, faces: Faces, store: FolderStore) -> None:
    faces.add(drawing(0))
    store.delete(keys.crop(faces.add(drawing(0)).crop))
    store.put(keys.crop(faces.add(drawing(0)).crop), b"no picture")
    assert found(faces.compared()) == {}
