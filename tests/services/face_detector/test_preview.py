import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.face_detector.preview import PreviewFinder
from services.face_detector.stage import FaceDetector
from shared.contract import keys
from shared.contract.environment import FetchingEnvironment
from shared.contract.found_faces import Looked
from shared.contract.messages import FaceFound, ImageKept
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Context
from shared.recipe.pictures import Monochrome, Pictures
from shared.recipe.recipe import Recipe
from shared.store.folder import FolderStore
from tests.services.magritte.drawn_faces import heads
from tests.services.magritte.sheets import png


def recipe(**faces: Any) -> Recipe:
    found = {"detector": "animeface", **faces}
    return Recipe.model_validate({"name": "anya", "sources": [{"folder": "pictures"}], "faces": found})


SURE = recipe()
LENIENT = recipe(animeface={"likelihood": 0.1})
WIDE = recipe(expand={"left": 0.5})
CLOSER = recipe(animeface={"reduce_to": 700})


@pytest.fixture(scope="module")
def finder() -> Iterator[PreviewFinder]:
    finder = PreviewFinder([SURE, WIDE, LENIENT, CLOSER], FetchingEnvironment())
    yield finder
    finder.close()


def looked(finder: PreviewFinder, data: bytes, image: str = "", store: FolderStore | None = None) -> Looked:
    found = finder.find(lambda: data, image, store)
    assert isinstance(found, Looked)
    return found


def test_each_recipe_cuts_out_what_the_stage_would(finder: PreviewFinder, tmp_path: Path) -> None:
    store, data = FolderStore(tmp_path), heads(2)
    image = hashlib.sha256(data).hexdigest()
    store.put(keys.original(image), data)
    message = ImageKept(run="anya-001", entry="0" * 20, image=image, arrival=1, decisions=1)
    stage = FaceDetector()
    for wanted, found in zip((SURE, WIDE), looked(finder, data).found, strict=False):
        made = list(stage.process(message, stage.settings(wanted), Context(store, fresh=True)))
        assert [face.crop for face in found.kept] == [each.box for each in made if isinstance(each, FaceFound)]
        assert len(found.kept) == 2


def test_a_picture_is_searched_once_for_recipes_that_search_alike(finder: PreviewFinder) -> None:
    assert looked(finder, heads(1)).searches == 2  # of four recipes, one reduces pictures to another size


def test_searches_on_record_are_not_done_again_and_others_are_recorded(finder: PreviewFinder, tmp_path: Path) -> None:
    store, data, image = FolderStore(tmp_path), heads(1), "a" * 64
    first, second = (looked(finder, data, image, store) for _ in range(2))
    assert (first.searches, second.searches) == (2, 0)
    assert first.found == second.found
    assert looked(finder, data, "b" * 64, store).searches == 2


def test_candidates_below_the_threshold_are_told(finder: PreviewFinder) -> None:
    found = looked(finder, heads(1)).found[0]
    assert found.size == (320, 360)
    assert {seen.voice for seen in found.sightings} == {"animeface"}
    assert min(seen.score for seen in found.sightings) < 1


def test_a_picture_that_is_left_out_has_its_faces_all_the_same(finder: PreviewFinder) -> None:
    file = BytesIO()
    Image.open(BytesIO(heads(1))).convert("L").save(file, "PNG")
    found = looked(finder, file.getvalue()).found[0]
    assert found.drop is not None
    assert found.drop.reason is Reason.MONOCHROME
    assert len(found.faces) == 1
    assert found.kept == []


@pytest.mark.parametrize(("data", "reason"), [(b"<html>", Reason.NOT_A_PICTURE), (heads(1)[:3000], Reason.TRUNCATED)])
def test_what_cannot_be_decoded_is_a_drop(finder: PreviewFinder, data: bytes, reason: Reason) -> None:
    found = finder.find(lambda: data)
    assert isinstance(found, Drop)
    assert found.reason is reason


def test_the_crop_of_a_tilted_head_is_told_with_its_angle() -> None:
    file, finder = BytesIO(), PreviewFinder([recipe(upright=True), SURE], FetchingEnvironment())
    Image.open(BytesIO(heads(1))).convert("RGB").rotate(-20, fillcolor="#e8e4f4").save(file, "PNG")
    try:
        upright, plain = looked(finder, file.getvalue()).found
    finally:
        finder.close()
    assert [abs(face.angle - 20) <= 5 for face in upright.kept] == [True]
    assert [face.angle for face in plain.kept] == [0.0]


def test_a_picture_without_a_face_is_left_out_for_that() -> None:
    coloured = SURE.model_copy(update={"pictures": Pictures(monochrome=Monochrome.KEEP)})
    finder = PreviewFinder([coloured], FetchingEnvironment())
    try:
        found = looked(finder, png("#88aacc", (300, 300))).found[0]
    finally:
        finder.close()
    assert found.drop == Drop(Reason.NO_FACE, "no face was found")
