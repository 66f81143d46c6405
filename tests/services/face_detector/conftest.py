import hashlib
import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from demo.character import HEROINE, Mouth, Pose
from demo.drawing import Placement, background, figure, render
from services.face_detector.choice import Detectors
from shared.recipe.detectors import Cascade

MODEL = Path(__file__).resolve().parents[4] / "shared" / "data" / "lbpcascade_animeface.xml"


@pytest.fixture(scope="session")
def cascade() -> Cascade:
    """nagadomi's cascade, which lies on the reference shelf only."""
    if not MODEL.is_file():
        pytest.skip(f"needs the cascade {MODEL}")
    return Cascade(model=str(MODEL), sha256=hashlib.sha256(MODEL.read_bytes()).hexdigest())


@pytest.fixture(scope="session")
def drawn() -> Callable[..., Image.Image]:
    """A picture of the demo's character, once or several times side by side."""

    def drawn(heads: int = 1, scale: float = 0.75, ground: str = "#e8e4f4") -> Image.Image:
        width, height = 320 * heads, 360
        figures = [
            figure(HEROINE, Pose(mouth=Mouth.OPEN), Placement(160 + 320 * head, 165, scale)) for head in range(heads)
        ]
        rect = f'<rect width="{width}" height="{height}" fill="{ground}"/>'
        return Image.open(io.BytesIO(render(rect + "".join(figures), (width, height)))).convert("RGB")

    return drawn


@pytest.fixture(scope="session")
def landscape() -> NDArray[np.uint8]:
    """A drawn background without anybody."""
    png = render(background(random.Random(3), (400, 400)), (400, 400))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.fixture(scope="module")
def detectors() -> Detectors:
    return Detectors()
