"""Libraries that do not come back from a picture: each costs that picture, and nothing else."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import RECIPE, Workplace

Fates = Callable[[dict[str, Any]], dict[str, int]]

ENLARGING = RECIPE.replace("enabled: false", "enabled: true").replace("size: 64", "size: 512")

HANGING_LIBRARY = """
import ctypes, io
from PIL import Image

class Library:
    def __getattr__(self, name):
        return name  # of any network

    def init(self):
        return -1

    def getGpuInfo(self):
        return None

    def initSet(self, gpuId, cpuNum):
        return 0

    def add(self, data, modelIndex, backId, scale, format, tileSize):
        self.image = Image.open(io.BytesIO(data))
        return 2

    def load(self, block):
        image = self.image
        if {condition}:
            ctypes.PyDLL(None).sleep(3600)  # as C does that never returns and holds the GIL
        file = io.BytesIO()
        image.resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC).save(file, "PNG")
        return file.getvalue(), "png", 1, 0.0

sr_vulkan = Library()
"""


@pytest.fixture
def hanging(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Put a library that hangs on pictures for which the condition holds where children find it first."""

    def hanging(condition: str) -> dict[str, str]:
        folder = tmp_path / "library"
        folder.mkdir()
        (folder / "sr_vulkan.py").write_text(HANGING_LIBRARY.format(condition=condition))
        return {"PYTHONPATH": str(folder)}

    return hanging


def children_of(pid: int) -> set[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return {int(child) for child in found}


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_a_run_whose_enlarging_hangs_finishes_with_a_reason_for_that_picture(
    workplace: Workplace, fates_of: Fates, hanging: Callable[[str], dict[str, str]], drawings: list[bytes]
) -> None:
    workplace.write_recipe(ENLARGING)
    workplace.run(store="before", **hanging("False"))
    sizes = [record["box"][2:] for record in workplace.journal("before") if record["type"] == "face-found"]
    odd = next(size for size in sizes if sizes.count(size) == 1)
    environment = hanging_on(workplace, odd)
    workplace.run(MAGRITTE_PICTURE_SECONDS="2", **environment)
    fates, before = fates_of(workplace.status()), fates_of(workplace.status("before"))
    assert fates.pop("time-limit-exceeded") == 1
    assert fates["in-dataset"] == before["in-dataset"] - 1


def hanging_on(workplace: Workplace, size: list[int]) -> dict[str, str]:
    folder = workplace.root / "library"
    condition = f"image.size == {tuple(size)}"
    (folder / "sr_vulkan.py").write_text(HANGING_LIBRARY.format(condition=condition))
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_whose_enlarging_hangs_ends_within_seconds_of_being_told_to(
    workplace: Workplace, hanging: Callable[[str], dict[str, str]], number: int
) -> None:
    workplace.write_recipe(ENLARGING)
    process = workplace.start("run", str(workplace.root / "recipe.yaml"), **hanging("image.width > 128"))
    wait_until(lambda: any(record["type"] == "face-found" for record in workplace.journal()), "no face is found")
    wait_until(lambda: bool(children_of(process.pid)), "no child is started")
    children = children_of(process.pid)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    wait_until(lambda: not any(map(is_running, children)), "a child goes on")


def test_a_second_ctrl_c_ends_children_that_hang_too(
    workplace: Workplace, hanging: Callable[[str], dict[str, str]]
) -> None:
    workplace.write_recipe(ENLARGING)
    process = workplace.start("run", str(workplace.root / "recipe.yaml"), **hanging("image.width > 128"))
    wait_until(lambda: any(record["type"] == "face-found" for record in workplace.journal()), "no face is found")
    wait_until(lambda: bool(children_of(process.pid)), "no child is started")
    children = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    wait_until(lambda: not any(map(is_running, children)), "a child goes on")
