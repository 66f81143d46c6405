"""What a training takes over from the snapshot that it begins with, beside the networks."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from services.trainer import checkpoint
from services.trainer.events import StateNotCarried
from shared.contract.events import Event
from shared.contract.stage import Objects
from shared.recipe.train_on import Carried
from shared.runs.trainings import Parent, Snapshot
from shared.stylegan2.arrays import Arrays

if TYPE_CHECKING:
    from services.trainer.training_session import TrainingSession

_PARTS: Mapping[Carried, tuple[str, ...]] = {
    Carried.MOMENTS: ("G_adam/", "D_adam/", "path_length/"),
    Carried.AUGMENT_P: ("augment_p", "signs"),
    Carried.COUNTERS: ("seed", "step", "images"),
}
"""How the names begin of the arrays that are each part's (`GanTraining.state`)."""


def take_over(
    session: "TrainingSession", parent: Parent, snapshot: Snapshot, store: Objects, emit: Callable[[Event], None]
) -> None:
    """Give a session that begins with a snapshot's networks those parts of its checkpoint that `parent.carry` names.

    A checkpoint that is gone, or whose networks have other shapes, leaves them as in a new training; that is told, and
    the pictures shown are counted on all the same.
    """
    if not parent.carry:
        return
    fresh, known = session.state(), checkpoint.read(store, snapshot)
    if known is None or not _fits(known, fresh):
        emit(StateNotCarried(leg=parent.leg, reason="gone or damaged" if known is None else "of other networks"))
        known = {**fresh, "images": np.array(snapshot.images), "step": np.array(snapshot.images // session.shown)}
    session.restore(carried(fresh, known, parent.carry))


def carried(fresh: Arrays, known: Arrays, carry: tuple[Carried, ...]) -> Arrays:
    """Return the state `fresh` with the parts `carry` of the state `known`."""
    taken = tuple(name for part in carry for name in _PARTS[part])
    return {name: known[name] if name.startswith(taken) else value for name, value in fresh.items()}


def _fits(known: Arrays, fresh: Arrays) -> bool:
    return {name: array.shape for name, array in known.items()} == {name: array.shape for name, array in fresh.items()}
