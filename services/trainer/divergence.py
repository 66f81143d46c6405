"""Checks whether a training has diverged, after which it is repeated from the last snapshot."""

from collections.abc import Sequence

import numpy as np

from services.trainer.stats import Statistics
from shared.contract.errors import Poison
from shared.stylegan2.arrays import Arrays

_PATIENCE = 3  # ticks in a row
_ADVICE = "the last snapshot stays; try a lower training.learning_rate or a higher training.r1_gamma"


class Divergence(Poison):
    """A training has numbers that are not finite and cannot become finite again."""


def check_ticks(ticks: Sequence[Statistics]) -> None:
    """Raise Divergence when some loss was never finite in each of the last ticks."""
    if len(ticks) >= _PATIENCE and all(tick.failed for tick in ticks[-_PATIENCE:]):
        names = ", ".join(ticks[-1].failed)
        raise Divergence(
            f"training failed at {ticks[-1].kimg:g} kimg: {names} not finite in {_PATIENCE} ticks; {_ADVICE}"
        )


def check_state(state: Arrays) -> None:
    """Raise Divergence when a number of a training's state is not finite: it would never become so again."""
    wrong = [name for name, value in state.items() if not np.isfinite(value).all()]
    if wrong:
        raise Divergence(f"training failed: {len(wrong)} variables are not finite, such as {wrong[0]}; {_ADVICE}")


def check_updates(steps: int, skipped: int) -> None:
    """Raise Divergence when more updates were skipped than there were steps, of which each makes two or a few more.

    As an update is skipped when a gradient is not finite, one of the networks has hardly learnt then.
    """
    if skipped > steps:
        raise Divergence(f"training failed: {skipped} updates in {steps} steps had no finite gradient; {_ADVICE}")
