"""The loop: train, rank, prune, train on; with commands that are killed and others at once."""

import csv
import hashlib
import json
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import RECIPE, Workplace, filled

pytestmark = pytest.mark.slow

TRAINED = (
    RECIPE.replace("size: 64", "size: 8").replace("training: {kimg: 0}", "")
    + """
training:
  preset: stylegan2
  kimg: 0.016
  leg_kimg: 0.008
  tick_kimg: 0.008
  minibatch: 4
  fmap_base: 64
  fmap_max: 8
  latent_size: 8
  mapping_layers: 1
  held_out: 0
  quality_pictures: 0
train_on: {kimg: 0.016}
"""
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, drawings: list[bytes]) -> Workplace:
    """A finished run with a training of two legs and a ranking. Not to be touched."""
    place = filled(tmp_path_factory.mktemp("trained"), drawings)
    place.write_recipe(TRAINED)
    place.run()
    return place


@dataclass(frozen=True)
class Loop:
    """A copy of that run's store, beside it."""

    place: Workplace
    store: str

    def magritte(self, *words: str, expect: int = 0) -> str:
        return self.place.magritte(*words, store=self.store, expect=expect)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return self.place.start(*words, store=self.store)

    def run(self) -> None:
        self.magritte("run", str(self.place.root / "recipe.yaml"))

    @property
    def status(self) -> dict[str, Any]:
        return self.place.status(self.store)

    @property
    def versions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.place.ask("versions", "--json", store=self.store))["versions"]
        return found

    def members(self, version: int) -> set[str]:
        """The entries in a version of the data set, by its manifest."""
        data = self.place.root / self.store
        digest = json.loads((data / "runs" / "anya-001" / "datasets" / f"{version:04d}.json").read_text())["digest"]
        manifest = json.loads((data / "datasets" / digest[:20] / "manifest.json").read_text())
        return {member["entry"] for member in manifest["members"]}

    def networks(self) -> dict[str, str]:
        """The SHA-256 of the network of every leg of every training."""
        paths = (self.place.root / self.store / "trainings").glob("*/*/network-*.npz")
        return {"/".join(path.parts[-3:-1]): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}

    def ranking(self) -> list[dict[str, str]]:
        with Path(self.status["results"]["ranking"].removeprefix("file://")).open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def loop(trained: Workplace, tmp_path: Path) -> Loop:
    shutil.copytree(trained.root / "data", trained.root / tmp_path.name)
    return Loop(trained, tmp_path.name)


def test_a_prune_trains_on_without_the_worst_and_an_undo_with_them_again(loop: Loop) -> None:
    worst = {row["entry"] for row in sorted(loop.ranking(), key=lambda row: int(row["rank"]))[-2:]}
    before = loop.networks()
    loop.magritte("prune", "--worst", "2")
    loop.run()
    assert loop.members(1) - loop.members(2) == worst
    assert loop.status["training"]["kimg"] == 0.032
    assert {row["entry"] for row in loop.ranking()} == loop.members(2)
    loop.magritte("undo")
    loop.run()
    assert loop.members(3) == loop.members(1)
    assert loop.status["finished"]
    assert [(each["faces"], len(each["left"])) for each in loop.versions] == [(8, 0), (6, 2), (8, 0)]
    assert loop.networks().items() > before.items()
    assert len(loop.networks()) == 3 * len(before)


def test_killed_at_any_moment_the_chain_ends_bit_for_bit_as_undisturbed(loop: Loop) -> None:
    disturbed = Loop(loop.place, f"{loop.store}-killed")
    shutil.copytree(loop.place.root / loop.store, loop.place.root / disturbed.store)
    recipe = str(loop.place.root / "recipe.yaml")
    for command, delays in ((("prune", "--worst", "2"), (1.0, 2.0)), (("run", recipe), (3.0, 7.0, 10.0))):
        for delay in delays:
            process = disturbed.start(*command)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        for each in (loop, disturbed):
            each.magritte(*command)
    assert disturbed.status["finished"]
    assert disturbed.members(disturbed.versions[-1]["number"]) == loop.members(2)
    assert disturbed.networks() == loop.networks()


def test_of_two_prunes_at_once_both_are_in_the_next_version(loop: Loop) -> None:
    rows = sorted(loop.ranking(), key=lambda row: int(row["rank"]))
    commands = []
    for number, row in enumerate((rows[0], rows[1])):
        file = loop.place.root / f"{loop.store}-{number}.csv"
        with file.open("w", newline="") as text:
            table = csv.DictWriter(text, [*row, "decision"])
            table.writeheader()
            table.writerow({**row, "decision": "drop"})
        commands.append(loop.start("prune", "--file", str(file)))
    assert [command.wait(120) for command in commands] == [0, 0]
    for command in commands:
        command.communicate()
    loop.run()
    assert loop.members(1) - loop.members(2) == {rows[0]["entry"], rows[1]["entry"]}


def test_a_training_that_was_asked_for_is_carried_out_by_the_next_run(loop: Loop) -> None:
    loop.magritte("train", "--from", "1", "--kimg", "+0.016")
    assert loop.status["phase"] == "training"
    loop.run()
    assert loop.status["finished"]
    assert loop.status["training"]["kimg"] == 0.024
    assert len(loop.versions) == 1
