"""The whole chain: small drawings, a recipe over them, and processes of every stage."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from demo.character import any_character, any_pose
from demo.drawing import draw
from services.magritte.pipeline import PIPELINE
from services.magritte.report import report
from shared.bus import MemoryBus
from shared.contract.stage import python_name
from shared.runs.registry import latest_run
from shared.store import FolderStore
from tests.faults.place import Place

RECIPE = """
name: chain
sources: [{folder: ./pictures}]
duplicates: {strictness: 80}
faces: {smallest: 16}
upscaling: {enabled: false}
normalized: {size: 64}
training: {kimg: 0}
"""


def write_recipe(root: Path, pictures: int) -> Path:
    """A recipe over small drawings of many characters, some of them twice, and some useless files."""
    folder = root / "pictures"
    folder.mkdir()
    for number in range(pictures):
        random = Random(f"chain {number - (number % 10 == 9)}")  # every tenth is the one before again
        data = draw(any_character(random), any_pose(random), random, (128, 160))
        (folder / f"{number:05d}.png").write_bytes(data[: 200 if number % 25 == 24 else None])
    path = root / "recipe.yaml"
    path.write_text(RECIPE)
    return path


class Fleet:
    """Several processes of every stage; whichever ends is started again, as an orchestrator would."""

    def __init__(self, place: Place, workers: int = 1) -> None:
        self._place = place
        self._stages = [python_name(name) for name in PIPELINE.containers] * workers
        self._running = [self._start(stage) for stage in self._stages]

    def kill_one(self, random: Random) -> None:
        """End one of them as a power failure would."""
        random.choice(self._running).kill()

    def replace_ended(self) -> None:
        """Start again whichever has ended."""
        for index, process in enumerate(self._running):
            if process.poll() is not None:
                self._running[index] = self._start(self._stages[index])

    def _start(self, stage: str) -> Any:
        return self._place.start("-m", f"services.{stage}", MAGRITTE_LOG_LEVEL="warning", MAGRITTE_THREADS="1")


@dataclass(frozen=True)
class Result:
    """What a run came to: pictures per fate, stage and reason, and the digest of its data set."""

    pictures: int
    fates: dict[tuple[str, str, str], int]
    dataset: str


def status(place: Place, run: str = "") -> dict[str, Any]:
    """What `magritte status --json` prints, without a process for it."""
    return report(place.store, latest_run(place.store, run)).as_json()


def result(place: Place, run: str = "") -> Result:
    """The result of a finished run."""
    found = status(place, run)
    assert found["finished"], found
    fates = {(fate["fate"], fate["stage"], fate["reason"]): fate["pictures"] for fate in found["fates"]}
    *_, newest = place.store.list(f"runs/{found['run']}/datasets/")
    return Result(found["pictures"], fates, json.loads(place.store.get(newest))["digest"])


def undisturbed(root: Path, recipe: Path) -> Result:
    """The result of a recipe in one process, with a folder as its store and no servers."""
    store = root / "undisturbed"
    environment = {"MAGRITTE_STORE": f"folder:{store}", "MAGRITTE_BUS": "memory:", "MAGRITTE_THREADS": "2"}
    alone = Place(root, environment, MemoryBus(PIPELINE.queues), FolderStore(store))
    process = alone.start("-m", "services.magritte", "run", str(recipe))
    assert process.wait(900) == 0, alone.output()[-2000:]
    return result(alone)
