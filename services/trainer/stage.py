"""Trains a StyleGAN2 on the data set, leg by leg."""

import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from services.trainer import grid, inheritance, leg, publication
from services.trainer.declaration import TRAINER
from services.trainer.divergence import Divergence
from services.trainer.events import Diverged
from services.trainer.plan import Plan
from services.trainer.start import Shape, networks_of_snapshot, starting_networks
from shared.contract import keys
from shared.contract.errors import Poison
from shared.contract.events import Quality
from shared.contract.messages import DatasetPacked, LegDue, Message, SnapshotTaken, TrainingDue
from shared.contract.stage import Context, Objects, Stage
from shared.recipe.recipe import Recipe
from shared.recipe.train_on import Carried
from shared.recipe.training import ResolvedTraining
from shared.runs import trainings
from shared.runs.datasets import family_checksums, open_labels, open_pictures
from shared.runs.run_trainings import RunTraining, newest_number, read_training
from shared.runs.trainings import Parent, Snapshot

if TYPE_CHECKING:  # TensorFlow takes ten seconds and a gigabyte: nothing loads it before the first leg
    from services.trainer.training_session import TrainingSession


@dataclass(frozen=True)
class _Job:
    """The training that a message is about: the run's training `number`, on a version of its data set."""

    run: str
    number: int
    version: int
    dataset: str
    training: str
    parent: Parent | None
    plan: Plan

    def taken(self, snapshot: Snapshot) -> SnapshotTaken:
        return SnapshotTaken(
            run=self.run,
            version=self.version,
            dataset=self.dataset,
            training=self.training,
            leg=snapshot.leg,
            number=self.number,
            kimg=self.plan.kimg(snapshot.images),
            last=self.plan.is_complete(snapshot.images),
        )

    def due(self, leg: int) -> LegDue:
        about = {"run": self.run, "version": self.version, "dataset": self.dataset, "training": self.training}
        return LegDue.model_validate({**about, "leg": leg, "number": self.number})


@dataclass(frozen=True)
class _Warm:
    """A training session that has just completed snapshot `leg`, kept for the next leg."""

    training: str
    leg: int
    session: "TrainingSession"


class Trainer(Stage[DatasetPacked | TrainingDue | LegDue, ResolvedTraining]):
    """`DatasetPacked`, `TrainingDue` or `LegDue` in; `SnapshotTaken` and the next `LegDue` out.

    Leg n trains from checkpoint n to checkpoint n + 1. A leg that is not the next one of its training is answered
    with the one that is; one of a training that is not its run's last is left undone. A leg that diverges is trained
    once more, with other random numbers. `jit_compile` is `services.trainer.learning.training.GanTraining`'s.
    """

    declaration = TRAINER

    def __init__(self, jit_compile: bool | None = None) -> None:
        self._jit_compile = jit_compile
        self._warm: _Warm | None = None
        self._lock = threading.Lock()

    def settings(self, recipe: Recipe) -> ResolvedTraining:
        return recipe.resolved_training

    def process(
        self, message: DatasetPacked | TrainingDue | LegDue, settings: ResolvedTraining, context: Context
    ) -> Iterator[Message]:
        training = _training(message, context.store)
        if (settings.kimg == 0 and training.more is None) or newest_number(context.store, message.run) > message.number:
            return
        job = _job(message, training, settings, context.store)
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
        end = job.plan.leg_end(before.images if before else job.plan.begin)
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

        begin = _parent_snapshot(job.parent, context.store) if job.parent else None
        recorded = trainings.recorded_threads(context.store, job.training, number)
        keep_threads(recorded or (begin.threads if begin else None), context.emit)
        pictures = open_pictures(context.store, job.dataset)
        labels = open_labels(context.store, job.dataset)
        shape = Shape(pictures.resolution, pictures.channels, 0 if labels is None else labels.shape[1])
        networks = (
            networks_of_snapshot(begin, settings, shape, context.store, context.emit)
            if begin
            else starting_networks(settings, shape, context.store, context.emit)
        )
        checksums = family_checksums(context.store, job.dataset, pictures.checksums)
        dataset = open_dataset(pictures, checksums, labels, settings)
        session = TrainingSession(networks, dataset, settings, self._jit_compile)
        if job.parent and begin:
            inheritance.take_over(session, job.parent, begin, context.store, context.emit)
        leg.restore(session, job.training, number, context)
        if number == 0:
            _introduce(session, job, settings, context)
        return session


STAGES = (Trainer,)


def _training(message: DatasetPacked | TrainingDue | LegDue, store: Objects) -> RunTraining:
    """Return the record of the training that a message is about; one without a number is as the recipe says."""
    if message.number:
        return read_training(store, message.run, message.number)
    dataset = message.digest if isinstance(message, DatasetPacked) else message.dataset
    return RunTraining(version=message.version, dataset=dataset)


def _job(
    message: DatasetPacked | TrainingDue | LegDue, training: RunTraining, settings: ResolvedTraining, store: Objects
) -> _Job:
    parent, begin = training.parent, 0
    if parent:
        trainings.keep_checkpoint(store, parent)
        begin = _parent_snapshot(parent, store).images if Carried.COUNTERS in parent.carry else 0
    return _Job(
        run=message.run,
        number=message.number,
        version=training.version,
        dataset=training.dataset,
        training=trainings.training_digest(settings, training.dataset, parent),
        parent=parent,
        plan=Plan.of(settings, begin, training.more),
    )


def _parent_snapshot(parent: Parent, store: Objects) -> Snapshot:
    """Return the snapshot that a training begins with; raises Poison if it is gone."""
    found = trainings.find_snapshot(store, parent.training, parent.leg)
    if found is None:
        raise Poison(f"snapshot {parent.leg} of the training {parent.training[:20]} is gone: nothing can go on from it")
    return found


def _next(job: _Job, store: Objects) -> LegDue | SnapshotTaken:
    """Return the leg after the newest snapshot, or the last snapshot when the training is complete."""
    last = trainings.finishing(store, job.training, job.plan.total)
    if last is not None:
        return job.taken(last)
    newest = trainings.latest(store, job.training)
    return job.due(newest.leg if newest else 0)


def _introduce(session: "TrainingSession", job: _Job, settings: ResolvedTraining, context: Context) -> None:
    """Store the settings and the first grids of real and drawn pictures of a training, unless they are there."""
    store = context.store
    if not trainings.is_introduced(store, job.training):
        store.put_new(keys.leg(job.training, 0, "reals.png"), grid.png(session.reals()))
        store.put_new(keys.leg(job.training, 0, "fakes_init.png"), grid.png(session.gallery().fakes()))
        trainings.introduce(store, job.training, settings, job.dataset, job.parent)
