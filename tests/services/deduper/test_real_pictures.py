import hashlib
import io
import itertools
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from services.deduper.fingerprint import Fingerprint, fingerprint
from services.deduper.likeness import FAINT, PRINT, likeness, print_of
from shared.contract.messages import ImageFingerprinted
from shared.contract.reasons import Reason
from shared.pictures import Limits, Picture, decode, flatten
from shared.recipe.duplicates import Duplicates

REAL = Path(__file__).parents[4] / "shared/data/real"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason=f"needs the real pictures in {REAL}")

LIMITS = Limits(min_side=1, max_elongation=100)


def _print(data: bytes) -> np.void:
    found = fingerprint(data, LIMITS)
    assert isinstance(found, Fingerprint)
    image = hashlib.sha256(data).hexdigest()
    return print_of(ImageFingerprinted(run="r", entry="0" * 20, image=image, score=0, **asdict(found)))


def _reduced(path: Path) -> Image.Image:
    picture = decode(path.read_bytes(), LIMITS)
    assert isinstance(picture, Picture)
    image = flatten(picture.image)
    image.thumbnail((600, 600))
    return image


def _jpeg(image: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def pictures() -> dict[Path, np.void]:
    return {path: _print(path.read_bytes()) for path in sorted((REAL / "images").iterdir())[::3]}


@pytest.fixture(scope="module")
def copies() -> list[dict[str, Any]]:
    """Return the altered copies as the set lists them, each with its own `print` and its original's."""
    listed: list[dict[str, Any]] = json.loads((REAL / "duplicates.json").read_text())
    originals = {each["original"]: _print((REAL / "images" / each["original"]).read_bytes()) for each in listed}
    return [
        {**each, "print": _print((REAL / "duplicates" / each["file"]).read_bytes()), "of": originals[each["original"]]}
        for each in listed
    ]


@pytest.fixture(scope="module")
def lookalikes() -> list[tuple[tuple[np.void, np.void], list[str]]]:
    """Return pairs of fingerprints that must stay apart, each with the names of its two files."""
    listed = json.loads((REAL / "lookalikes.json").read_text())
    return [
        ((_print((REAL / "images" / one).read_bytes()), _print((REAL / "images" / other).read_bytes())), [one, other])
        for one, other in listed
    ]


def _likeness(one: np.void, other: np.void, **settings: Any) -> Reason | None:
    return likeness(one, np.array([other], PRINT), Duplicates(**settings))[0]


RETOUCHES: dict[str, tuple[Callable[[Image.Image], bytes], float]] = {
    "JPEG of quality 40": (lambda image: _jpeg(image, 40), 1.0),
    "half size": (lambda image: _jpeg(image.resize((image.width // 2, image.height // 2))), 1.0),
    "mirrored": (lambda image: _jpeg(ImageOps.mirror(image)), 1.0),
    "20 % brighter": (lambda image: _jpeg(ImageEnhance.Brightness(image).enhance(1.2)), 0.85),
    "20 % darker": (lambda image: _jpeg(ImageEnhance.Brightness(image).enhance(0.8)), 0.95),
}


@pytest.mark.parametrize(("retouch", "recall"), RETOUCHES.values(), ids=RETOUCHES.keys())
def test_copies_are_found(
    pictures: dict[Path, np.void], retouch: Callable[[Image.Image], bytes], recall: float
) -> None:
    found = [_likeness(one, _print(retouch(_reduced(path)))) for path, one in pictures.items()]
    assert sum(kind is not None for kind in found) >= recall * len(found)


def test_different_pictures_are_kept_apart(pictures: dict[Path, np.void]) -> None:
    pairs = itertools.combinations(pictures.values(), 2)
    assert not [kind for one, other in pairs if (kind := _likeness(one, other)) is not None]


def test_grey_versions_are_kept_apart_from_coloured_ones(pictures: dict[Path, np.void]) -> None:
    coloured = {path: one for path, one in pictures.items() if _colouring(one) > 2 * FAINT}
    assert len(coloured) > 15
    for path, one in coloured.items():
        assert _likeness(one, _print(_jpeg(_reduced(path).convert("L"))), bits=16) is None


def _colouring(one: np.void) -> float:
    return float(np.ptp(one["colours"].astype(float), axis=-1).mean())


def test_copies_of_different_drawings_are_kept_apart(copies: list[dict[str, Any]]) -> None:
    pairs = [pair for pair in itertools.combinations(copies, 2) if pair[0]["original"] != pair[1]["original"]]
    assert len(pairs) > 100
    assert not [
        (one["file"], other["file"]) for one, other in pairs if _likeness(one["print"], other["print"]) is not None
    ]


def test_nearly_all_drawings_that_only_look_alike_are_kept_apart(
    lookalikes: list[tuple[tuple[np.void, np.void], list[str]]],
) -> None:
    merged = [files for pair, files in lookalikes if _likeness(*pair) is not None]
    assert len(merged) <= 1, merged  # two frames of a film, whose small figures alone differ, are still taken for one


def test_lightly_altered_copies_are_found(copies: list[dict[str, Any]]) -> None:
    light = [each for each in copies if each["kind"] in {"jpeg-q60", "half-size", "watermark", "bright-8", "hflip"}]
    found = [_likeness(each["of"], each["print"]) for each in light]
    assert len(found) >= 15
    assert sum(kind is not None for kind in found) >= 0.9 * len(found)
