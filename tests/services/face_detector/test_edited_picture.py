"""Pictures that are edited as people do it, found in their originals again."""

import io
from functools import cache
from random import Random
from typing import Any

import pytest
from PIL import Image
from PIL.Image import Resampling, Transpose

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from services.face_detector.edited_picture import PictureFinder
from shared.contract.edited_faces import EditedFace, Shown, Unusable

LEFT, TOP, SIDE = 120, 90, 360
SIZES = [128, 512]


@cache
def original(name: str = "edited") -> bytes:
    random = Random(name)
    return draw(HEROINE, any_pose(random), random, (600, 750))


@cache
def exported(size: int, name: str = "edited") -> Image.Image:
    """The picture of a face as a data set of this size has it."""
    whole = Image.open(io.BytesIO(original(name))).convert("RGB")
    box = (LEFT, TOP, LEFT + SIDE, TOP + SIDE)
    return whole.resize((size, size), Resampling.LANCZOS, box)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def found(size: int, edited: bytes) -> Shown | Unusable | None:
    face = EditedFace(original(), encoded(exported(size)), edited, (LEFT, TOP, SIDE, SIDE))
    return PictureFinder().find(face)


def assert_shows(shown: Shown | Unusable | None, middle: tuple[float, float], side: float, angle: float) -> None:
    """A picture is found to within a hundredth of its side, and half a degree."""
    assert isinstance(shown, Shown), shown
    left, top, width, height = shown.box
    assert (left + width / 2, top + height / 2) == pytest.approx(middle, abs=side / 100 + 1)
    assert (width, height) == pytest.approx((side, side), abs=side / 50 + 1)
    assert shown.angle == pytest.approx(angle, abs=0.5)


@pytest.mark.parametrize("size", SIZES)
def test_a_cropped_picture_is_found_by_its_place_and_size(size: int) -> None:
    part = exported(size).crop((size // 8, size // 4, size * 7 // 8, size))
    middle = LEFT + SIDE / 2, TOP + SIDE * 5 / 8
    assert_shows(found(size, encoded(part)), middle, SIDE * 0.75, 0)
    assert_shows(found(size, encoded(part.resize((333, 333)), "JPEG", quality=70)), middle, SIDE * 0.75, 0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("degrees", [12, -20])
def test_a_turned_picture_is_found_with_its_angle(size: int, degrees: float) -> None:
    turned = exported(size).rotate(degrees, Resampling.BICUBIC)  # which turns the content counterclockwise
    assert_shows(found(size, encoded(turned, "JPEG", quality=85)), (LEFT + SIDE / 2, TOP + SIDE / 2), SIDE, degrees)


def test_what_a_turn_has_filled_with_a_colour_does_not_count() -> None:
    turned = exported(512).rotate(15, Resampling.BICUBIC, expand=True, fillcolor="white")
    side = SIDE * turned.width / 512
    assert_shows(found(512, encoded(turned)), (LEFT + SIDE / 2, TOP + SIDE / 2), side, 15)


@pytest.mark.parametrize("size", SIZES)
def test_a_picture_that_was_only_saved_again_or_made_brighter_shows_what_it_did(size: int) -> None:
    assert found(size, encoded(exported(size))) is None
    assert found(size, encoded(exported(size), "JPEG", quality=60)) is None
    assert found(size, encoded(exported(size).point(lambda level: min(255, level + 20)))) is None


def test_a_larger_part_of_the_original_is_found_too() -> None:
    whole = Image.open(io.BytesIO(original())).convert("RGB")
    part = whole.crop((60, 30, 560, 530))
    assert_shows(found(512, encoded(part)), (310, 280), 500, 0)


@pytest.mark.parametrize("size", SIZES)
def test_a_mirrored_picture_is_told_from_a_turned_one(size: int) -> None:
    shown = found(size, encoded(exported(size).transpose(Transpose.FLIP_LEFT_RIGHT)))
    assert isinstance(shown, Unusable)
    assert "mirrored" in shown.why


@pytest.mark.parametrize("size", SIZES)
def test_another_picture_is_not_found(size: int) -> None:
    shown = found(size, encoded(exported(size, "another")))
    assert shown == Unusable("was not found in its original")


def test_a_damaged_picture_and_an_empty_one_are_named() -> None:
    damaged = found(128, encoded(exported(128))[:900])
    assert isinstance(damaged, Unusable)
    assert damaged.why.startswith("cannot be read: ")
    assert found(128, encoded(Image.new("RGB", (128, 128)))) == Unusable("was not found in its original")
