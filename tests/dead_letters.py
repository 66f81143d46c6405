"""Dead letters of a bus, for tests."""

from shared.bus import Bus, DeadLetter


def dead_letters_of(bus: Bus, queue: str) -> list[DeadLetter]:
    """Return the dead letters of `queue`; they stay there."""
    seen: list[DeadLetter] = []

    def look(letter: DeadLetter) -> bool:
        seen.append(letter)
        return False

    assert bus.remove_dead(queue, look) == []
    return seen
