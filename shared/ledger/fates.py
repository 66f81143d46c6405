"""What can become of a picture, and who decided it."""

from dataclasses import dataclass
from enum import StrEnum

PERSON = "person"
"""In place of a stage's name, where a person's verdict has decided."""


class Fate(StrEnum):
    """The possible outcomes for a picture."""

    IN_DATASET = "in-dataset"
    DROPPED = "dropped"
    DEAD = "dead"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Settlement:
    """A picture's fate, the stage that decided it and why."""

    fate: Fate
    stage: str = ""
    reason: str = ""


UNDECIDED = Settlement(Fate.UNDECIDED)
