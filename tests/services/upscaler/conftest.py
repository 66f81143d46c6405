import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from demo.character import HEROINE, Pose
from demo.drawing import Placement, figure, render

LIBRARY = """
import io, os
from PIL import Image
from types import SimpleNamespace

def nothing(image):
    return Image.new("RGB", (2 * image.width, 2 * image.height))

def bicubic(image):
    return image.resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC)

def mirrored(image):
    return bicubic(image).transpose(Image.Transpose.FLIP_LEFT_RIGHT)

def same(image):
    return image

def dying(image):
    os._exit(1)

DOUBLE = {{-1: {on_cpu}, 0: {on_gpu}, 1: {on_gpu}}}

class Library:
    MODEL_WAIFU2X_CUNET_UP2X_DENOISE1X = 7

    def init(self):
        os.write(2, b"vkCreateInstance failed -9")
        return 0

    def getGpuInfo(self):
        return {gpus}

    def initSet(self, gpuId, cpuNum):
        self.double = DOUBLE[gpuId]
        return 0

    def getLastError(self):
        return "load model fail"

    def add(self, data, modelIndex, backId, scale, format, tileSize):
        self.data = data
        return 2

    def load(self, block):
        large = self.double(Image.open(io.BytesIO(self.data)))
        if large is None:
            return None, format, 1, 0.0
        file = io.BytesIO()
        large.save(file, "PNG")
        return file.getvalue(), "png", 1, 0.0

sr_vulkan = Library()
"""


@pytest.fixture(scope="session")
def face() -> Callable[[int], Image.Image]:
    """A drawn face of so many pixels a side."""

    def face(side: int) -> Image.Image:
        return drawn(side, "#cfe3d4").convert("RGB")

    return face


@pytest.fixture(scope="session")
def sprite() -> Callable[[int], Image.Image]:
    """The same face on nothing, with transparent black around it."""

    def sprite(side: int) -> Image.Image:
        large = drawn(2 * side).convert("RGBa")
        return large.resize((side, side), Image.Resampling.BOX).convert("RGBA")

    return sprite


def drawn(side: int, colour: str | None = None) -> Image.Image:
    place = Placement(side / 2, side * 0.42, side / 300)
    ground = f'<rect width="{side}" height="{side}" fill="{colour}"/>' if colour else ""
    return Image.open(io.BytesIO(render(ground + figure(HEROINE, Pose(), place), (side, side))))


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a library of the given source where children find it first, to fail as the real one does elsewhere."""

    def library(source: str) -> None:
        (tmp_path / "sr_vulkan.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)

    return library
