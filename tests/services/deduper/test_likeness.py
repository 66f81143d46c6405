from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from services.deduper.likeness import MOST_DHASH_BITS, PRINT, likeness, print_of
from shared.contract.messages import ImageFingerprinted
from shared.contract.reasons import Reason
from shared.recipe.duplicates import Duplicates
from tests.services.deduper.conftest import Arrived, Drawing


def _likeness(one: ImageFingerprinted, other: ImageFingerprinted, settings: Duplicates | None = None) -> Reason | None:
    """Both ways round, which must not differ."""
    settings = settings or Duplicates()
    there = likeness(print_of(one), np.array([print_of(other)], PRINT), settings)
    back = likeness(print_of(other), np.array([print_of(one)], PRINT), settings)
    assert there == back
    return there[0]


def _watermarked(image: Image.Image) -> Image.Image:
    image = image.copy()
    ImageDraw.Draw(image).text((20, image.height - 40), "@someone", fill="white", font_size=24)
    return image


def _cropped(image: Image.Image) -> Image.Image:
    x, y = image.width // 50, image.height // 50
    return image.crop((x, y, image.width - x, image.height - y))


RETOUCHES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.15),
    "watermarked": _watermarked,
    "cropped by 2 %": _cropped,
}


@pytest.mark.parametrize("retouch", RETOUCHES.values(), ids=RETOUCHES.keys())
def test_a_retouched_copy_is_a_near_duplicate(
    drawing: Drawing, arrived: Arrived, retouch: Callable[[Image.Image], Image.Image]
) -> None:
    found = [_likeness(arrived(drawing(seed)), arrived(retouch(drawing(seed)), quality=80)) for seed in range(8)]
    assert found == [Reason.NEAR_DUPLICATE] * 8


def test_the_same_bytes_are_an_exact_duplicate(drawing: Drawing, arrived: Arrived) -> None:
    assert _likeness(arrived(drawing(0), 1), arrived(drawing(0), 2), Duplicates(bits=0)) is Reason.EXACT_DUPLICATE


def test_a_mirror_image_is_a_duplicate_if_the_recipe_says_so(drawing: Drawing, arrived: Arrived) -> None:
    one, other = arrived(drawing(0)), arrived(ImageOps.mirror(drawing(0)), quality=85)
    assert _likeness(one, other) is Reason.MIRRORED_DUPLICATE
    assert _likeness(one, other, Duplicates(mirrored=False)) is None


def test_different_pictures_are_no_duplicates(drawing: Drawing, arrived: Arrived) -> None:
    prints = np.array([print_of(arrived(drawing(seed))) for seed in range(12)], PRINT)
    for number, one in enumerate(prints):
        assert [other for other, kind in enumerate(likeness(one, prints, Duplicates())) if kind] == [number]


def test_the_grey_version_of_a_coloured_picture_is_no_duplicate(drawing: Drawing, arrived: Arrived) -> None:
    for seed in range(8):
        grey = drawing(seed).convert("L")
        assert (int(arrived(grey).phash, 16) ^ int(arrived(drawing(seed)).phash, 16)).bit_count() <= 2
        assert _likeness(arrived(drawing(seed)), arrived(grey), Duplicates(bits=16)) is None


def test_the_grey_copy_of_a_grey_picture_is_a_duplicate(drawing: Drawing, arrived: Arrived) -> None:
    grey = drawing(0).convert("L")
    assert _likeness(arrived(grey), arrived(grey.convert("RGB"), quality=60)) is Reason.NEAR_DUPLICATE


def test_a_recoloured_picture_is_no_duplicate(drawing: Drawing, arrived: Arrived) -> None:
    red, green, blue = drawing(0).split()
    assert _likeness(arrived(drawing(0)), arrived(Image.merge("RGB", (green, blue, red)))) is None


@pytest.mark.parametrize(("one", "other"), [("black", "white"), ("red", "blue"), ("#ff8888", "#8888ff")])
def test_plain_areas_of_different_colours_are_no_duplicates(arrived: Arrived, one: str, other: str) -> None:
    assert _likeness(arrived(Image.new("RGB", (200, 200), one)), arrived(Image.new("RGB", (200, 200), other))) is None


def _with_bits(found: ImageFingerprinted, **flipped: int) -> ImageFingerprinted:
    changes = {name: f"{int(getattr(found, name), 16) ^ ((1 << count) - 1):016x}" for name, count in flipped.items()}
    return found.model_copy(update={**changes, "image": "0" * 64})


@pytest.mark.parametrize("bits", [0, 6, 10, 16])
def test_the_recipe_says_in_how_many_bits_of_phash_duplicates_may_differ(
    drawing: Drawing, arrived: Arrived, bits: int
) -> None:
    one = arrived(drawing(0))
    assert _likeness(one, _with_bits(one, phash=bits), Duplicates(bits=bits)) is Reason.NEAR_DUPLICATE
    assert _likeness(one, _with_bits(one, phash=bits + 1), Duplicates(bits=bits)) is None


def test_dhash_has_to_agree_too(drawing: Drawing, arrived: Arrived) -> None:
    one = arrived(drawing(0))
    assert _likeness(one, _with_bits(one, dhash=MOST_DHASH_BITS)) is Reason.NEAR_DUPLICATE
    assert _likeness(one, _with_bits(one, dhash=MOST_DHASH_BITS + 1)) is None


def test_beyond_six_bits_colours_have_to_agree_better(drawing: Drawing, arrived: Arrived) -> None:
    one = arrived(drawing(0))
    pale = arrived(ImageEnhance.Color(drawing(0)).enhance(0.66)).colours
    assert _likeness(one, _with_bits(one, phash=6).model_copy(update={"colours": pale})) is Reason.NEAR_DUPLICATE
    assert _likeness(one, _with_bits(one, phash=7).model_copy(update={"colours": pale})) is None
