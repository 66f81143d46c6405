import hashlib
import io
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.deduper.fingerprint import Fingerprint, fingerprint
from shared.contract.messages import ImageFingerprinted
from shared.pictures import Limits

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


@pytest.fixture(scope="session")
def arrived(encoded: Encoded) -> Arrived:
    """The message about an image, encoded as `encoded` does; the entry is a number."""

    def arrived(image: Image.Image, entry: int = 0, score: int = 0, **how: int) -> ImageFingerprinted:
        data = encoded(image, **how)
        found = fingerprint(data, Limits())
        assert isinstance(found, Fingerprint)
        digest = hashlib.sha256(data).hexdigest()
        return ImageFingerprinted(run="run-001", entry=f"{entry:020x}", image=digest, score=score, **asdict(found))

    return arrived
