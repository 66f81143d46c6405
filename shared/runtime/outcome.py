"""What comes of a delivery."""

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of a delivery, as metrics and progress count it."""

    DONE = "done"
    REUSED = "reused"
    DROPPED = "dropped"
    RETRIED = "retried"
    DEAD = "dead"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
