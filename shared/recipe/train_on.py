"""The recipe's section on training on when the data set has changed."""

from enum import StrEnum

from pydantic import Field

from shared.recipe.section import Section


class Carried(StrEnum):
    """Parts of a training's state, beside the networks, that the training after it can take over."""

    MOMENTS = "moments"
    """Adam's moments of both networks, and the mean length of paths."""
    AUGMENT_P = "augment_p"
    """The probability that ada has come to, and the signs of D's scores that it is following."""
    COUNTERS = "counters"
    """Steps and pictures shown: what kimg, the beginning of Gs and the random numbers go by."""


class Beginning(StrEnum):
    """The networks that the training of a new version begins with."""

    SNAPSHOT = "snapshot"
    START = "start"


class TrainOn(Section):
    """Training on the second and later versions of a data set, after a prune, an undo or a verdict.

    Everything is carried over by default: of one drawn character's training that went on for 1.5 kimg after a prune
    (`benchmarks/pruning.py`) the kernel distance was then 615 (603 without counters), 659 without p, 671 with the
    networks alone and 702 without Adam's moments.
    """

    begin: Beginning = Field(
        Beginning.SNAPSHOT,
        description=(
            "snapshot: goes on from the newest snapshot of the version before; start: begins anew, as the first "
            "version's training did"
        ),
    )
    kimg: float | None = Field(
        None,
        gt=0,
        description=(
            "kimg to train on for, or what is left of training.kimg if that is more; null: a third of training.kimg"
        ),
    )
    carry: tuple[Carried, ...] = Field(
        (Carried.MOMENTS, Carried.AUGMENT_P, Carried.COUNTERS),
        description=(
            "what is taken over beside the networks: moments (of Adam), augment_p (that ada has come to), counters "
            "(kimg goes on instead of beginning at 0); [] for the networks alone"
        ),
    )
