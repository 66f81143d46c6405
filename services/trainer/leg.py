"""One leg: from a checkpoint to the files of the next snapshot. Loads no TensorFlow; a `Session` does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from services.trainer import checkpoint, grid
from services.trainer.divergence import check_ticks
from services.trainer.plan import Plan
from services.trainer.stats import Span, Tick, summarize
from shared import trainings
from shared.errors import Interrupted, Poison, storage_error
from shared.stage import Context

if TYPE_CHECKING:
    from services.trainer.session import Session

CHECKPOINTS_KEPT = 2
"""The newest, and the one before for when the newest cannot be read."""


def resume(session: "Session", training: str, leg: int, context: Context) -> None:
    """Restore checkpoint `leg`, or the one before when it is damaged; checkpoint 0 is a session as it begins.

    The leg is then a longer one, with the same result. Raises Poison when no checkpoint that is kept can be read.
    """
    for number in range(leg, max(leg - CHECKPOINTS_KEPT, 0), -1):
        snapshot = trainings.find(context.store, training, number)
        state = checkpoint.read(context.store, snapshot) if snapshot else None
        if state is not None:
            session.restore(state)
            return
        context.say("checkpoint-unreadable", leg=number)
    if leg > CHECKPOINTS_KEPT:
        raise Poison(
            f"the checkpoints of legs {leg} and {leg - 1} are missing or damaged; "
            f"a {trainings.NETWORK} of this training can be another's training.start_from"
        )


def advance(session: "Session", end: int, plan: Plan, context: Context, clock: Callable[[], float]) -> list[Tick]:
    """Train until D has been shown `end` pictures. Raises Interrupted when asked to stop, Poison when it fails."""
    ticks: list[Tick] = []
    losses, began_at, began = [], session.images, clock()
    while session.images < end:
        if context.stopping():
            raise Interrupted("asked to stop while training; the next run repeats this leg")
        before = session.images
        losses.append(session.step())
        if plan.ends_tick(before, session.images):
            now = clock()
            ticks.append(summarize(losses, Span(began_at, session.images, now - began), plan))
            context.say("tick", **ticks[-1].line())
            check_ticks(ticks)
            losses, began_at, began = [], session.images, now
    return ticks


def save(session: "Session", ticks: list[Tick], folder: Path) -> None:
    """Write the files of the snapshot that the session stands at. Raises StoreFull when the disk has no space left."""
    lines = [json.dumps(tick.line(), allow_nan=False) + "\n" for tick in ticks]
    state, fakes = session.state(), grid.png(session.fakes())
    try:
        checkpoint.write(folder / trainings.CHECKPOINT, state)
        session.save_networks(folder / trainings.NETWORK)
        (folder / trainings.FAKES).write_bytes(fakes)
        (folder / trainings.STATS).write_text("".join(lines))
    except OSError as error:
        raise storage_error(error, folder) from error
