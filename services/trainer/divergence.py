"""When a training has failed: the last snapshot stays, and nothing worse is kept."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from services.trainer.stats import Tick
from shared.errors import Poison

_PATIENCE = 3  # ticks in a row
_ADVICE = "the last snapshot stays; try a lower training.learning_rate or a higher training.r1_gamma"


def check_ticks(ticks: Sequence[Tick]) -> None:
    """Raise Poison when some loss was never finite in each of the last ticks."""
    if len(ticks) >= _PATIENCE and all(tick.failed for tick in ticks[-_PATIENCE:]):
        names = ", ".join(ticks[-1].failed)
        raise Poison(
            f"training failed at {ticks[-1].kimg:g} kimg: {names} not finite in {_PATIENCE} ticks; {_ADVICE}"
        )


def check_state(state: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Raise Poison when a number of a training's state is not finite: it would never become so again."""
    wrong = [name for name, value in state.items() if not np.isfinite(value).all()]
    if wrong:
        raise Poison(f"training failed: {len(wrong)} variables are not finite, such as {wrong[0]}; {_ADVICE}")


def check_updates(updates: int, skipped: int) -> None:
    """Raise Poison when most of a leg's updates were skipped, as their gradients were not finite."""
    if skipped > updates:
        raise Poison(f"training failed: {skipped} of {updates + skipped} updates had no finite gradient; {_ADVICE}")
