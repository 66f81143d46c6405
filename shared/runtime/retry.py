"""When a failed item is tried again, and when it is dead."""

from dataclasses import dataclass

from shared.contract.errors import BusUnavailable, Poison, RecipeError, StoreUnavailable


@dataclass(frozen=True)
class RetryLadder:
    """Pauses between attempts, in seconds; after the last one the item is dead."""

    pauses: tuple[float, ...]

    def pause(self, attempt: int, error: Exception) -> float | None:
        """Return the seconds to wait after a failed attempt (counted from 1); None when the item is dead.

        A store that is away or full kills no item, however long it takes: the item is not to blame.
        """
        if isinstance(error, Poison | RecipeError):
            return None
        if isinstance(error, StoreUnavailable | BusUnavailable):
            return self.pauses[min(attempt, len(self.pauses)) - 1]
        return None if self.is_exhausted(attempt) else self.pauses[attempt - 1]

    def is_exhausted(self, attempt: int) -> bool:
        """Say whether no pause is left after `attempt` attempts."""
        return attempt > len(self.pauses)


IN_PROCESS = RetryLadder((0.2, 1.0, 5.0))
"""For `magritte run`: what is going to work on one machine works within seconds."""
