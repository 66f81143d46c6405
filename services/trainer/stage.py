"""Trains a StyleGAN2 on the data set, leg by leg."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from services.trainer import grid, leg, publication
from services.trainer.declaration import TRAINER
from services.trainer.divergence import Divergence
from services.trainer.events import Diverged
from services.trainer.plan import Plan
from services.trainer.start import Shape, starting_networks
from shared.contract import keys
from shared.contract.events import Quality
from shared.contract.messages import DatasetPacked, LegDue, Message, SnapshotTaken
from shared.contract.stage import Context, Objects, Stage
from shared.recipe.recipe import Recipe
from shared.recipe.training import ResolvedTraining
from shared.runs import trainings
from shared.runs.datasets import open_labels, open_pictures
from shared.runs.trainings import Snapshot

if TYPE_CHECKING:  # TensorFlow takes ten seconds and a gigabyte: nothing loads it before the first leg
    from services.trainer.training_session import TrainingSession


@dataclass(frozen=True)
class _Job:
    """The training that a message is about, and for which run and data set version."""

    run: str
    version: int
    dataset: str
    training: str
    plan: Plan

    def taken(self, snapshot: Snapshot) -> SnapshotTaken:
        return SnapshotTaken(
            run=self.run,
            version=self.version,
            dataset=self.dataset,
            training=self.training,
            leg=snapshot.leg,
            kimg=self.plan.kimg(snapshot.images),
            last=self.plan.is_complete(snapshot.images),
        )

    def due(self, leg: int) -> LegDue:
        return LegDue(run=self.run, version=self.version, dataset=self.dataset, training=self.training, leg=leg)


@dataclass(frozen=True)
class _Warm:
    """A training session that has just completed snapshot `leg`, kept for the next leg."""

    training: str
    leg: int
    session: "TrainingSession"


class Trainer(Stage[DatasetPacked | LegDue, ResolvedTraining]):
    """`DatasetPacked` or `LegDue` in; `SnapshotTaken` and the next `LegDue` out.

    Leg n trains from checkpoint n to checkpoint n + 1. A leg that is not the next one of its training is answered
    with the one that is. A leg that diverges is trained once more, with other random numbers. `jit_compile` is
    `services.trainer.learning.training.GanTraining`'s.
    """

    declaration = TRAINER

    def __init__(self, jit_compile: bool | None = None) -> None:
        self._jit_compile = jit_compile
        self._warm: _Warm | None = None
        self._lock = threading.Lock()

    def settings(self, recipe: Recipe) -> ResolvedTraining:
        return recipe.resolved_training

    def process(
        self, message: DatasetPacked | LegDue, settings: ResolvedTraining, context: Context
    ) -> Iterator[Message]:
        if settings.kimg == 0:
            return
        job = _job(message, settings)
        if isinstance(message, LegDue):
            with self._lock:
                if _next(job, context.store) == message:
                    self._train(job, message.leg, settings, context)
            made = trainings.find_snapshot(context.store, job.training, message.leg + 1)
            if made is not None and not job.plan.is_complete(made.images):
                yield job.taken(made)
        yield _next(job, context.store)

    def close(self) -> None:
        self._warm = None

    def _train(self, job: _Job, number: int, settings: ResolvedTraining, context: Context) -> None:
        before = trainings.find_snapshot(context.store, job.training, number)
        end = job.plan.leg_end(before.images if before else 0)
        session = self._take_warm(job.training, number) or self._open(job, number, settings, context)
        with TemporaryDirectory(prefix="magritte-") as name:
            try:
                self._go(session, end, job.plan, Path(name), settings, context)
            except Divergence as failure:
                context.emit(Diverged(leg=number, failure=str(failure)))
                session = self._open(job, number, settings, context)
                session.draw_anew()
                self._go(session, end, job.plan, Path(name), settings, context)
            snapshot = publication.describe(job.training, number + 1, session.images, Path(name), session.threads)
            is_ours = publication.publish(context.store, snapshot, Path(name))
        if is_ours:
            self._warm = _Warm(job.training, number + 1, session)
            publication.remove_old_checkpoints(context.store, snapshot, leg.CHECKPOINTS_KEPT)

    def _go(
        self,
        session: "TrainingSession",
        end: int,
        plan: Plan,
        folder: Path,
        settings: ResolvedTraining,
        context: Context,
    ) -> None:
        ticks = leg.advance(session, end, plan, context, leg.Clock(time.perf_counter, time.time))
        quality = leg.save(session, ticks, settings.quality_pictures, folder)
        if quality is not None:
            context.emit(Quality(kimg=ticks[-1].kimg, **asdict(quality)))

    def _take_warm(self, training: str, number: int) -> "TrainingSession | None":
        """Take the warm session, which is given up unless a leg completes; return it if it is at leg `number`."""
        warm, self._warm = self._warm, None
        return warm.session if warm and (warm.training, warm.leg) == (training, number) else None

    def _open(self, job: _Job, number: int, settings: ResolvedTraining, context: Context) -> "TrainingSession":
        from services.trainer.training_session import TrainingSession, keep_threads, open_dataset

        keep_threads(trainings.recorded_threads(context.store, job.training, number), context.emit)
        pictures = open_pictures(context.store, job.dataset)
        labels = open_labels(context.store, job.dataset)
        shape = Shape(pictures.resolution, pictures.channels, 0 if labels is None else labels.shape[1])
        networks = starting_networks(settings, shape, context.store, context.emit)
        session = TrainingSession(networks, open_dataset(pictures, labels, settings), settings, self._jit_compile)
        leg.restore(session, job.training, number, context)
        if session.images == 0:
            _introduce(session, job, settings, context)
        return session


STAGES = (Trainer,)


def _job(message: DatasetPacked | LegDue, settings: ResolvedTraining) -> _Job:
    dataset = message.digest if isinstance(message, DatasetPacked) else message.dataset
    training = trainings.training_digest(settings, dataset)
    return _Job(message.run, message.version, dataset, training, Plan.of(settings))


def _next(job: _Job, store: Objects) -> LegDue | SnapshotTaken:
    """Return the leg after the newest snapshot, or the last snapshot when the training is complete."""
    last = trainings.finishing(store, job.training, job.plan.total)
    if last is not None:
        return job.taken(last)
    newest = trainings.latest(store, job.training)
    return job.due(newest.leg if newest else 0)


def _introduce(session: "TrainingSession", job: _Job, settings: ResolvedTraining, context: Context) -> None:
    """Store the settings and the first grids of real and drawn pictures of a training, unless they are there."""
    store, key = context.store, keys.leg(job.training, 0, "training.json")
    if not store.exists(key):
        decisive = trainings.decisive(settings)
        store.put_new(keys.leg(job.training, 0, "reals.png"), grid.png(session.reals()))
        store.put_new(keys.leg(job.training, 0, "fakes_init.png"), grid.png(session.gallery().fakes()))
        store.put_new(key, json.dumps({"dataset": job.dataset, "settings": decisive}, indent=1).encode())
