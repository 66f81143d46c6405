"""The set's README names originals that its folder does not hold, so copies are compared with each other, too."""

import hashlib
import io
import itertools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from services.deduper.fingerprint import Fingerprint, fingerprint
from services.deduper.likeness import FAINT, PRINT, likeness, print_of
from shared.fates import Reason
from shared.messages import ImageFingerprinted
from shared.pictures import Limits, Picture, decode, flatten
from shared.recipe import Duplicates

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
def copies() -> dict[str, dict[str, np.void]]:
    """By original, then by the kind of retouch."""
    found: dict[str, dict[str, np.void]] = {}
    for path in sorted((REAL / "duplicates").iterdir()):
        original, _, kind = path.stem.partition("-")
        found.setdefault(original, {})[kind] = _print(path.read_bytes())
    return found


def _likeness(one: np.void, other: np.void, **asked: Any) -> Reason | None:
    return likeness(one, np.array([other], PRINT), Duplicates(**asked))[0]


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


def test_copies_of_different_drawings_are_kept_apart(copies: dict[str, dict[str, np.void]]) -> None:
    for one, other in itertools.combinations(copies.values(), 2):
        for pair in itertools.product(one.values(), other.values()):
            assert _likeness(*pair) is None


def test_the_line_art_and_the_coloured_version_of_a_drawing_are_kept_apart(
    copies: dict[str, dict[str, np.void]],
) -> None:
    pairs = list(itertools.product(copies["s245"].values(), copies["s246"].values()))
    assert any((int(a["phash"]) ^ int(b["phash"])).bit_count() <= 10 for a, b in pairs)
    assert not [kind for pair in pairs if (kind := _likeness(*pair)) is not None]


def test_lightly_retouched_copies_of_a_drawing_belong_together(copies: dict[str, dict[str, np.void]]) -> None:
    light = {"jpeg-q60", "jpeg-q40", "half-size", "watermark", "mirror"}
    found = [
        _likeness(kinds[one], kinds[other])
        for kinds in copies.values()
        for one, other in itertools.combinations(sorted(light & kinds.keys()), 2)
    ]
    assert len(found) >= 8
    assert sum(kind is not None for kind in found) >= 0.9 * len(found)
