import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.deduper.fingerprint import Fingerprint, fingerprint
from shared.contract import keys
from shared.contract.messages import ImageFingerprinted
from shared.contract.stage import Context
from shared.pictures import Limits
from shared.store import FolderStore

Drawing = Callable[..., Image.Image]
Encoded = Callable[..., bytes]
Arrived = Callable[..., ImageFingerprinted]


@pytest.fixture(scope="session")
def drawing() -> Drawing:
    """A picture of 12 coloured blots on a pale ground; another seed is another picture."""

    def drawing(seed: int, size: tuple[int, int] = (400, 500)) -> Image.Image:
        random = np.random.default_rng(seed)
        image = Image.new("RGB", size, tuple(random.integers(180, 256, 3).tolist()))
        draw = ImageDraw.Draw(image)
        for _ in range(12):
            x, y = random.uniform(0, 0.8, 2) * size
            width, height = random.uniform(0.1, 0.5, 2) * size
            draw.ellipse((x, y, x + width, y + height), fill=tuple(random.integers(0, 256, 3).tolist()))
        return image

    return drawing


@pytest.fixture(scope="session")
def encoded() -> Encoded:
    """An image's bytes as PNG, or as JPEG of a quality."""

    def encoded(image: Image.Image, quality: int | None = None) -> bytes:
        file = io.BytesIO()
        if quality is None:
            image.save(file, "PNG")
        else:
            image.save(file, "JPEG", quality=quality)
        return file.getvalue()

    return encoded


class WithOriginals(FolderStore):
    """A store in which every picture that has arrived lies already."""

    def __init__(self, root: Path, originals: Mapping[str, bytes]) -> None:
        super().__init__(root)
        self._originals = originals

    def get(self, key: str) -> bytes:
        return self._originals[key] if key in self._originals else super().get(key)


@pytest.fixture(scope="session")
def originals() -> dict[str, bytes]:
    """The pictures that have arrived, by key."""
    return {}


@pytest.fixture
def context(tmp_path: Path, originals: dict[str, bytes]) -> Context:
    return Context(WithOriginals(tmp_path / "store", originals))


@pytest.fixture(scope="session")
def arrived(encoded: Encoded, originals: dict[str, bytes]) -> Arrived:
    """The message about an image, encoded as `encoded` does; the entry is a number."""

    def arrived(image: Image.Image, entry: int = 0, score: int = 0, **how: int) -> ImageFingerprinted:
        data = encoded(image, **how)
        found = fingerprint(data, Limits())
        assert isinstance(found, Fingerprint)
        digest = hashlib.sha256(data).hexdigest()
        originals[keys.original(digest)] = data
        return ImageFingerprinted(run="run-001", entry=f"{entry:020x}", image=digest, score=score, **asdict(found))

    return arrived
