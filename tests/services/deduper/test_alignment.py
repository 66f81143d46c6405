"""One picture laid over another, of drawings of blots; `test_real_pictures` does it with those of artists."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from services.deduper.alignment import compare
from services.deduper.look import look_of
from tests.services.deduper.conftest import Drawing

MOVED = 0.06


def are_copies(one: Image.Image, other: Image.Image) -> bool:
    found = compare(look_of(one), look_of(other))
    return found is not None and found.doubt(MOVED) <= 1


def _bubble(image: Image.Image) -> Image.Image:
    image = image.copy()
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 40, 220, 190), fill="white", outline="black", width=3)
    draw.text((90, 90), "Where are we?", fill="black", font_size=16)
    return image


def _letterboxed(image: Image.Image) -> Image.Image:
    boxed = Image.new("RGB", (image.width, image.height + 100), "black")
    boxed.paste(image, (0, 50))
    return boxed


RETOUCHES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.15),
    "cropped by 8 % a side": lambda image: image.crop((32, 40, 368, 460)),
    "in a frame": lambda image: ImageOps.expand(image, 25, "white"),
    "between bars": _letterboxed,
    "with a speech bubble": _bubble,
    "turned by 2 degrees": lambda image: image.rotate(2, Image.Resampling.BICUBIC, fillcolor="white"),
}


@pytest.mark.parametrize("retouch", RETOUCHES.values(), ids=RETOUCHES.keys())
def test_a_retouched_copy_is_a_copy(drawing: Drawing, retouch: Callable[[Image.Image], Image.Image]) -> None:
    found = [are_copies(drawing(seed), retouch(drawing(seed))) for seed in range(6)]
    assert sum(found) >= 5


def test_different_pictures_are_no_copies(drawing: Drawing) -> None:
    looks = [drawing(seed) for seed in range(8)]
    assert not [(a, b) for a in range(8) for b in range(8) if a != b and are_copies(looks[a], looks[b])]


def test_the_grey_version_is_no_copy(drawing: Drawing) -> None:
    assert not [seed for seed in range(6) if are_copies(drawing(seed), drawing(seed).convert("L"))]


def test_a_recoloured_version_is_no_copy(drawing: Drawing) -> None:
    for seed in range(6):
        red, green, blue = drawing(seed).split()
        assert not are_copies(drawing(seed), Image.merge("RGB", (green, blue, red)))


def test_the_grey_copy_of_a_grey_picture_is_a_copy(drawing: Drawing) -> None:
    grey = drawing(0).convert("L")
    assert are_copies(grey, grey.resize((300, 375)))


def with_blot(image: Image.Image, x: int) -> Image.Image:
    image = image.copy()
    ImageDraw.Draw(image).ellipse((x, 200, x + 120, 320), fill="#802020", outline="white", width=8)
    ImageDraw.Draw(image).line((x + 20, 260, x + 100, 260), fill="yellow", width=10)
    return image


def test_a_figure_that_has_moved_makes_another_picture(drawing: Drawing) -> None:
    found = compare(look_of(with_blot(drawing(2), 20)), look_of(with_blot(drawing(2), 250)))
    assert found is not None
    assert found.details is not None
    assert found.details > 40
    assert found.moved > MOVED
    assert found.doubt(MOVED) > 1


def test_the_stricter_the_fewer_copies(drawing: Drawing) -> None:
    found = compare(look_of(drawing(2)), look_of(with_blot(drawing(2), 20)))
    assert found is not None
    assert found.moved > 0
    assert found.doubt(1.0) <= 1
    assert found.doubt(found.moved / 2) > 1


@pytest.mark.parametrize(("one", "other"), [("black", "white"), ("red", "blue"), ("#ff8888", "#8888ff")])
def test_plain_areas_of_different_colours_are_no_copies(one: str, other: str) -> None:
    assert not are_copies(Image.new("RGB", (200, 200), one), Image.new("RGB", (200, 200), other))


def test_plain_areas_of_one_colour_are_copies_if_they_have_one_shape() -> None:
    assert are_copies(Image.new("RGB", (200, 200), "red"), Image.new("RGB", (90, 90), "#fb0402"))
    assert not are_copies(Image.new("RGB", (200, 200), "red"), Image.new("RGB", (200, 300), "red"))


def test_pictures_with_few_details_are_laid_edge_to_edge() -> None:
    def disc(colour: str, size: int) -> Image.Image:
        image = Image.new("RGB", (300, 300), "#d0d0ff")
        draw = ImageDraw.Draw(image)
        draw.ellipse((40, 40, 260, 260), fill="navy")
        draw.ellipse((150 - size, 150 - size, 150 + size, 150 + size), fill=colour)
        return image

    assert are_copies(disc("red", 60), ImageEnhance.Brightness(disc("red", 60)).enhance(0.97))
    assert not are_copies(disc("red", 60), disc("red", 20))
