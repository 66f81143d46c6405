"""Resolutions of drawings of blots and of the labelled pictures, as they are and as people spoil them."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from PIL.Image import Resampling

from services.deduper.resolution import effective_resolution
from shared.pictures import Limits, Picture, decode, flatten
from tests.services.deduper.conftest import Drawing, Encoded

REAL = Path(__file__).parents[4] / "shared/data/real"
LIMITS = Limits(min_side=1, max_elongation=100)


def resized(image: Image.Image, factor: float) -> Image.Image:
    size = round(image.width * factor), round(image.height * factor)
    return image.resize(size, Resampling.LANCZOS)


def blown_up(image: Image.Image, shrunk: float, enlarged: float) -> Image.Image:
    return resized(resized(image, shrunk), enlarged)


SPOILED: dict[str, tuple[Callable[[Image.Image], Image.Image], int]] = {
    "a half, enlarged by 2": (lambda image: blown_up(image, 0.5, 2), 92),
    "a half, enlarged by 3, of low quality": (lambda image: blown_up(image, 0.5, 3), 20),
    "a third, enlarged by 3.6": (lambda image: blown_up(image, 1 / 3, 3.6), 60),
    "of low quality": (lambda image: image, 20),
    "blurred": (lambda image: image.filter(ImageFilter.GaussianBlur(2)), 92),
}


def jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.mark.skipif(not REAL.exists(), reason=f"needs the real pictures in {REAL}")
@pytest.mark.parametrize(("spoil", "quality"), SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_copy_has_less_than_its_original(spoil: Callable[[Image.Image], Image.Image], quality: int) -> None:
    paths = sorted((REAL / "images").iterdir())[::8]
    better = 0
    for path in paths:
        picture = decode(path.read_bytes(), LIMITS)
        assert isinstance(picture, Picture)
        image = flatten(picture.image)
        image.thumbnail((800, 800))
        better += effective_resolution(jpeg(image, 92), LIMITS) > effective_resolution(
            jpeg(spoil(image), quality), LIMITS
        )
    assert len(paths) >= 12
    assert better == len(paths)


def test_a_sharp_drawing_has_more_than_its_half(drawing: Drawing, encoded: Encoded) -> None:
    for seed in range(4):
        whole, half = encoded(drawing(seed)), encoded(drawing(seed).resize((200, 250), Resampling.LANCZOS))
        assert effective_resolution(whole, LIMITS) > effective_resolution(half, LIMITS)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (64, 64)])
def test_plain_and_tiny_pictures_have_about_their_pixels(encoded: Encoded, size: tuple[int, int]) -> None:
    pixels = size[0] * size[1]
    assert pixels <= effective_resolution(encoded(Image.new("RGB", size, "red")), LIMITS) <= 3 * pixels


def test_what_cannot_be_decoded_has_none() -> None:
    assert effective_resolution(b"no picture", LIMITS) == 0
