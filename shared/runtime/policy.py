"""What is to be done about an error that a message has come to. Pure."""

from dataclasses import dataclass

from shared.contract.errors import Interrupted, SettingsError
from shared.runtime.retry import RetryLadder


@dataclass(frozen=True)
class Requeue:
    """Return the message to its queue: the process was asked to end."""


@dataclass(frozen=True)
class BreakOff:
    """Return the message to its queue and end the process, which is of no use: the store refuses its credentials."""


@dataclass(frozen=True)
class TryAgain:
    """Deliver the message again after `pause` seconds, as the next attempt."""

    pause: float


@dataclass(frozen=True)
class Bury:
    """Put the message aside as a dead letter."""


Verdict = Requeue | BreakOff | TryAgain | Bury


def decide(error: Exception, attempt: int, ladder: RetryLadder) -> Verdict:
    """Return what is to be done about `error` of an attempt (counted from 1), with the pauses of `ladder`."""
    if isinstance(error, Interrupted):
        return Requeue()
    if isinstance(error, SettingsError):
        return BreakOff()
    pause = ladder.pause(attempt, error)
    return Bury() if pause is None else TryAgain(pause)
