"""One leg: from a checkpoint to the files of the next snapshot. Loads no TensorFlow; a `TrainingSession` does."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from services.trainer import checkpoint, grid
from services.trainer.divergence import check_ticks
from services.trainer.events import CheckpointUnreadable
from services.trainer.plan import Plan
from services.trainer.stats import Span, Statistics, summarize
from services.trainer.tensorboard import events
from shared.contract.errors import Interrupted, Poison, storage_error
from shared.contract.stage import Context
from shared.runs import trainings

if TYPE_CHECKING:
    from services.trainer.gallery import Figures
    from services.trainer.training_session import TrainingSession

CHECKPOINTS_KEPT = 2
"""The newest, and the one before for when the newest cannot be read."""


def restore(session: "TrainingSession", training: str, leg: int, context: Context) -> None:
    """Restore checkpoint `leg`, or the one before when it is damaged; checkpoint 0 is a session as it begins.

    The leg is then a longer one, with the same result. Raises Poison when no checkpoint that is kept can be read.
    """
    for number in range(leg, max(leg - CHECKPOINTS_KEPT, 0), -1):
        snapshot = trainings.find_snapshot(context.store, training, number)
        state = checkpoint.read(context.store, snapshot) if snapshot else None
        if state is not None:
            session.restore(state)
            return
        context.emit(CheckpointUnreadable(leg=number))
    if leg > CHECKPOINTS_KEPT:
        raise Poison(
            f"the checkpoints of legs {leg} and {leg - 1} are missing or damaged; "
            f"a {trainings.NETWORK} of this training can be another's training.start_from"
        )


class Clock(NamedTuple):
    """Two clocks: `elapsed` seconds for durations, and `now` in seconds since 1970."""

    elapsed: Callable[[], float]
    now: Callable[[], float]


def advance(session: "TrainingSession", end: int, plan: Plan, context: Context, clock: Clock) -> list[Statistics]:
    """Train until D has been shown `end` pictures. Raises Interrupted when asked to stop, Divergence when it fails.

    The pace is that of the steps after the last one in which something was compiled.
    """
    ticks: list[Statistics] = []
    losses, began_at, began = [], session.images, clock.elapsed()
    while session.images < end:
        if context.stopping():
            raise Interrupted("asked to stop while training; the next run repeats this leg")
        before, compiles = session.images, session.is_cold
        losses.append(session.step())
        if compiles and not plan.ends_tick(before, session.images):
            began_at, began = session.images, clock.elapsed()
        if plan.ends_tick(before, session.images):
            span = Span(began_at, session.images, clock.elapsed() - began, clock.now())
            ticks.append(summarize(losses, span, plan, session.watched()))
            context.emit(ticks[-1].event())
            check_ticks(ticks)
            losses, began_at, began = [], session.images, clock.elapsed()
    return ticks


def save(session: "TrainingSession", ticks: list[Statistics], quality_pictures: int, folder: Path) -> "Figures | None":
    """Write the files of the session's snapshot; return the figures of `quality_pictures` drawn pictures, if any.

    Raises StoreFull when the disk has no space left, Divergence when nothing is worth writing.
    """
    state, gallery = session.state(), session.gallery()
    pictures = {trainings.FAKES: gallery.fakes(), trainings.TRUNCATION: gallery.truncation()}
    quality = None
    if quality_pictures and gallery.can_compare:
        pictures[trainings.NEIGHBOURS], quality = gallery.compared(quality_pictures)
    files = {name: grid.png(picture) for name, picture in pictures.items()}
    lines = [json.dumps(tick.event().fields(), allow_nan=False) + "\n" for tick in ticks]
    files[trainings.STATS] = "".join(lines).encode()
    files[trainings.EVENTS] = events(ticks, quality, {"fakes": files[trainings.FAKES]})
    if quality is not None:
        files[trainings.QUALITY] = json.dumps(asdict(quality)).encode()
    try:
        checkpoint.write(folder / trainings.CHECKPOINT, state)
        session.save_networks(folder / trainings.NETWORK)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise storage_error(error, folder) from error
    return quality
