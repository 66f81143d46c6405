"""The labelled pictures of artists, their altered copies, and those that only look alike."""

import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance, ImageOps

from services.deduper.alignment import compare
from services.deduper.look import DECODED_SIDE, Look, look_of
from shared.pictures import Limits, Picture, decode, flatten, thumbnail

REAL = Path(__file__).parents[4] / "shared/data/real"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason=f"needs the real pictures in {REAL}")

LIMITS = Limits(min_side=1, max_elongation=100)
MOVED = 0.06


def look(data: bytes) -> Look:
    reduced = thumbnail(data, DECODED_SIDE, LIMITS)
    assert isinstance(reduced, Picture)
    return look_of(reduced.image)


def are_copies(one: Look, other: Look) -> bool:
    found = (compare(one, other), compare(other, one))
    return any(each is not None and each.doubt(MOVED) <= 1 for each in found)


def _image(path: Path) -> Image.Image:
    picture = decode(path.read_bytes(), LIMITS)
    assert isinstance(picture, Picture)
    image = flatten(picture.image)
    image.thumbnail((900, 900))
    return image


def _jpeg(image: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def pictures() -> dict[Path, Look]:
    return {path: look(path.read_bytes()) for path in sorted((REAL / "images").iterdir())[::4]}


@pytest.fixture(scope="module")
def copies() -> list[dict[str, Any]]:
    """Return the altered copies as the set lists them, each with its own `look` and its original's."""
    listed: list[dict[str, Any]] = json.loads((REAL / "duplicates.json").read_text())
    originals = {each["original"]: look((REAL / "images" / each["original"]).read_bytes()) for each in listed}
    return [
        {**each, "look": look((REAL / "duplicates" / each["file"]).read_bytes()), "of": originals[each["original"]]}
        for each in listed
    ]


def _cropped(image: Image.Image, share: float) -> Image.Image:
    x, y = round(image.width * share), round(image.height * share)
    return image.crop((x, y, image.width - x, image.height - y))


RETOUCHES: dict[str, tuple[Callable[[Image.Image], bytes], float]] = {
    "JPEG of quality 40": (lambda image: _jpeg(image, 40), 1.0),
    "half size": (lambda image: _jpeg(image.resize((image.width // 2, image.height // 2))), 1.0),
    "cropped by 8 % a side": (lambda image: _jpeg(_cropped(image, 0.08)), 0.95),
    "in a white frame": (lambda image: _jpeg(ImageOps.expand(image, 45, "white")), 0.95),
    "20 % brighter": (lambda image: _jpeg(ImageEnhance.Brightness(image).enhance(1.2)), 0.8),
    "20 % darker": (lambda image: _jpeg(ImageEnhance.Brightness(image).enhance(0.8)), 0.95),
}


@pytest.mark.parametrize(("retouch", "recall"), RETOUCHES.values(), ids=RETOUCHES.keys())
def test_copies_are_found(pictures: dict[Path, Look], retouch: Callable[[Image.Image], bytes], recall: float) -> None:
    found = [are_copies(one, look(retouch(_image(path)))) for path, one in pictures.items()]
    assert len(found) >= 20
    assert sum(found) >= recall * len(found)


def test_all_altered_copies_of_the_set_are_found(copies: list[dict[str, Any]]) -> None:
    missed = [
        each["file"]
        for each in copies
        if not are_copies(each["of"], each["look"].mirrored if each["kind"] == "hflip" else each["look"])
    ]
    assert (len(copies), missed) == (30, [])


def test_different_pictures_are_kept_apart(pictures: dict[Path, Look]) -> None:
    pairs = itertools.combinations(pictures.items(), 2)
    assert [(a.name, b.name) for (a, one), (b, other) in pairs if are_copies(one, other)] == []


def test_grey_versions_are_kept_apart_from_coloured_ones(pictures: dict[Path, Look]) -> None:
    coloured = [path for path in pictures if _colouring(_image(path)) > 12]
    assert len(coloured) >= 12
    merged = [path.name for path in coloured if are_copies(pictures[path], look(_jpeg(_image(path).convert("L"))))]
    assert merged == []


def _colouring(image: Image.Image) -> float:
    extremes = (image.resize((16, 16), Image.Resampling.BOX).getpixel((x, y)) for x in range(16) for y in range(16))
    return sum(max(colour) - min(colour) for colour in extremes if isinstance(colour, tuple)) / 256


def test_nearly_all_drawings_that_only_look_alike_are_kept_apart() -> None:
    listed = json.loads((REAL / "lookalikes.json").read_text())
    looks = {name: look((REAL / "images" / name).read_bytes()) for name in itertools.chain(*listed)}
    merged = [pair for pair in listed if are_copies(looks[pair[0]], looks[pair[1]])]
    assert len(listed) >= 10
    assert len(merged) <= 1, merged  # two frames of a film, in which one small figure has moved
