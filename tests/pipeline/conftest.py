"""A small folder with everything that real folders have in them, drawn here, and a way to run recipes over it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from services.magritte.main import app

RECIPE = """
name: anya
sources: [{folder: ./pictures}]
normalized: {size: 64}
upscaling: {enabled: false}
training: {kimg: 0}
"""


@dataclass(frozen=True)
class Workplace:
    """A folder of pictures, a recipe and a store."""

    root: Path

    @property
    def pictures(self) -> Path:
        return self.root / "pictures"

    def write_recipe(self, text: str = RECIPE) -> Path:
        path = self.root / "recipe.yaml"
        path.write_text(text)
        return path

    def start(self, *words: str, store: str = "data", **environment: str) -> "subprocess.Popen[str]":
        own = {"MAGRITTE_STORE": f"folder:{self.root / store}"} | environment
        command = [sys.executable, "-m", "services.magritte", *words]
        return subprocess.Popen(
            command, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_REPOSITORY
        )

    def magritte(self, *words: str, expect: int = 0, **options: str) -> str:
        process = self.start(*words, **options)
        out, err = process.communicate(timeout=240)
        assert process.returncode == expect, err
        return out

    def run(self, **options: str) -> None:
        self.magritte("run", str(self.root / "recipe.yaml"), **options)

    def ask(self, *words: str, store: str = "data") -> str:
        """What a command answers, asked in this process."""
        done = CliRunner().invoke(app, words, env={"MAGRITTE_STORE": f"folder:{self.root / store}"})
        assert done.exit_code == 0, done.exception
        return done.stdout

    def status(self, store: str = "data") -> dict[str, Any]:
        """What `magritte status` says."""
        found: dict[str, Any] = json.loads(self.ask("status", "--json", store=store))
        return found

    def journal(self, store: str = "data") -> list[dict[str, Any]]:
        """What the journals of all runs have, in the order of each."""
        batches = sorted((self.root / store).glob("runs/*/journal/*.jsonl"))
        return [json.loads(line) for batch in batches for line in batch.read_bytes().splitlines()]

    def copy(self, root: Path) -> "Workplace":
        """The same somewhere else, to be changed. For a run over it, it is another folder."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Workplace(root)

    def dataset_digest(self, store: str = "data") -> str:
        manifest = next((self.root / store / "datasets").glob("*/manifest.json"))
        return str(json.loads(manifest.read_text())["digest"])


_REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def drawings() -> list[bytes]:
    """Eight drawings of one character, PNG, 360 x 450 pixels."""
    randoms = [Random(f"pipeline {number}") for number in range(8)]
    return [draw(HEROINE, any_pose(random), random, (360, 450)) for random in randoms]


@pytest.fixture
def workplace(tmp_path: Path, drawings: list[bytes]) -> Workplace:
    """Twelve files: eight drawings at two depths, and four that cannot come into the data set."""
    return filled(tmp_path, drawings)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, drawings: list[bytes]) -> Workplace:
    """The same files with a finished run over them. Not to be touched."""
    place = filled(tmp_path_factory.mktemp("finished"), drawings)
    place.run()
    return place


def filled(root: Path, drawings: list[bytes]) -> Workplace:
    place = Workplace(root)
    deep = place.pictures / "of 2019" / "more"
    deep.mkdir(parents=True)
    for number, drawing in enumerate(drawings):
        ((place.pictures if number % 2 else deep) / f"{number}.png").write_bytes(drawing)
    (deep / "again.png").write_bytes(drawings[0])
    (place.pictures / "half.png").write_bytes(drawings[1][: len(drawings[1]) // 2])
    (place.pictures / "empty.jpg").write_bytes(b"")
    Image.new("RGB", (300, 300), "#88aacc").save(place.pictures / "sky.png")
    place.write_recipe()
    return place


@pytest.fixture
def fates_of() -> Callable[[dict[str, Any]], dict[str, int]]:
    """Counts by fate or reason, from `magritte status --json`."""
    return lambda status: {entry["reason"] or entry["fate"]: entry["pictures"] for entry in status["fates"]}
