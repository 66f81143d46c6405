"""A tiny data set, a recipe for tiny networks, and one complete training of three legs that tests copy."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.trainer.stage import Trainer
from shared.contract import keys
from shared.contract.events import Event
from shared.contract.messages import DatasetPacked, LegDue, Message, SnapshotTaken, TrainingDue
from shared.contract.stage import Context
from shared.recipe.normalized import Normalized
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.recipe.training import Preset, Training
from shared.runs import trainings
from shared.runs.trainings import CHECKPOINT, Snapshot
from shared.store.folder import FolderStore
from shared.stylegan2.example import encode_picture
from shared.stylegan2.tfrecords import frame

DATASET = "d" * 64
PACKED = DatasetPacked(run="toy-001", version=1, digest=DATASET)
TOY = Training(
    preset=Preset.STYLEGAN2,
    kimg=0.024,
    leg_kimg=0.008,
    tick_kimg=0.004,
    minibatch=4,
    fmap_base=128,
    fmap_max=8,
    latent_size=8,
    mapping_layers=1,
    held_out=0,
    quality_pictures=0,
    seed=7,
)
"""Three legs of two steps, a tick to each step."""

NAME = trainings.training_digest(TOY.resolved(8), DATASET)


@dataclass
class Bench:
    """A store, a recipe's training, and the kinds and fields of the events that the stage emitted."""

    folder: Path
    training: Training = TOY
    stopping: Callable[[], bool] = lambda: False
    emitted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.folder)

    def put_dataset(self) -> None:
        for level, resolution in ((2, 4), (3, 8)):
            generator = np.random.default_rng(resolution)
            pictures = generator.integers(0, 256, (10, 3, resolution, resolution), np.uint8)
            records = b"".join(frame(encode_picture(picture)) for picture in pictures)
            self.store.put(keys.dataset(DATASET, f"toy-r{level:02d}.tfrecords"), records)
        self.store.put(keys.dataset(DATASET, keys.MANIFEST), json.dumps({"members": [{}] * 10}).encode())

    def answers(self, stage: Trainer, message: DatasetPacked | TrainingDue | LegDue) -> list[Message]:
        """What the stage answers to one message."""
        sources = (FolderSource(folder=self.folder),)
        recipe = Recipe(name="toy", sources=sources, normalized=Normalized(size=8), training=self.training)
        context = Context(self.store, stopping=self.stopping, emit=self._note)
        return list(stage.process(message, stage.settings(recipe), context))

    def train(
        self, stage: Trainer, legs: int = 100, message: DatasetPacked | TrainingDue | LegDue = PACKED
    ) -> list[Message]:
        """All answers, when the stage is given every leg that it asks for, up to so many."""
        answers = self.answers(stage, message)
        due = answers[-1]
        if isinstance(due, LegDue) and legs:
            answers += self.train(stage, legs - 1, due)
        return answers

    def snapshot(self, leg: int) -> Snapshot:
        found = trainings.find_snapshot(self.store, trainings.training_digest(self.training.resolved(8), DATASET), leg)
        assert found is not None
        return found

    def forget_legs_after(self, leg: int) -> None:
        for folder in (self.folder / keys.training(NAME)).iterdir():
            if int(folder.name) > leg:
                shutil.rmtree(folder)

    def copy(self, name: str) -> "Bench":
        """The same store somewhere else."""
        shutil.copytree(self.folder, self.folder.with_name(name))
        return Bench(self.folder.with_name(name), self.training)

    def damage_checkpoint(self, leg: int) -> None:
        path = self.folder / self.snapshot(leg).key(CHECKPOINT)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    def _note(self, event: Event) -> None:
        assert type(event) in Trainer.declaration.emits
        self.emitted.append((event.kind(), event.fields()))


def due(leg: int, training: str = NAME) -> LegDue:
    return LegDue(run=PACKED.run, version=1, dataset=DATASET, training=training, leg=leg)


def taken(leg: int, kimg: float, last: bool = False) -> SnapshotTaken:
    return SnapshotTaken(run=PACKED.run, version=1, dataset=DATASET, training=NAME, leg=leg, kimg=kimg, last=last)


@contextmanager
def eagerly() -> Iterator[None]:
    """Toy networks take a third of a second a step when run eagerly, and five seconds to compile."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def eager() -> Iterator[None]:
    with eagerly():
        yield


@pytest.fixture
def bench(tmp_path: Path, eager: None) -> Bench:
    """A store with nothing but the data set."""
    bench = Bench(tmp_path / "store")
    bench.put_dataset()
    return bench


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, list[Message]]:
    """A complete training in one process, and its answers. Not to be touched."""
    bench = Bench(tmp_path_factory.mktemp("undisturbed") / "store")
    bench.put_dataset()
    with eagerly():
        return bench, bench.train(Trainer())


@pytest.fixture
def trained(undisturbed: tuple[Bench, list[Message]], tmp_path: Path, eager: None) -> Bench:
    """A copy of the complete training, to do harm to."""
    shutil.copytree(undisturbed[0].folder, tmp_path / "trained")
    return Bench(tmp_path / "trained")


@pytest.fixture
def expected(undisturbed: tuple[Bench, list[Message]]) -> str:
    """SHA-256 of the last checkpoint of the undisturbed training."""
    return undisturbed[0].snapshot(3).files[CHECKPOINT]
