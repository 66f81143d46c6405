"""The two lanes of a queue, which keep a large run from holding up a small one.

A consumer takes messages from the express and the bulk lane in turn while both have some, so that those of one lane
wait for at most as many of the other. The stamp of a message says which lane it is for.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from shared.contract.errors import Poison
from shared.contract.messages import decode_stamped

T = TypeVar("T")

EXPRESS_MESSAGES = 20
"""Number of the messages made of one that travel express, such as the pictures of a source that are listed first.

A run of that many pictures behind a large one takes about four times as long as alone: as many pictures of the large
run are express as well, and for each express picture a bulk one is done. A higher number lets larger runs pass, and
smaller ones wait longer.
"""


def in_lanes(made: Iterable[T], bulk: bool = False, batch_size: int = 1) -> Iterator[tuple[T, bool]]:
    """Yield what was `made` of a batch of messages, and whether each is bulk; all are if a message of it was `bulk`."""
    for number, each in enumerate(made):
        yield each, bulk or number >= EXPRESS_MESSAGES * batch_size


def is_bulk(body: bytes) -> bool:
    """Return whether an encoded message is bulk; what cannot be decoded is not."""
    try:
        return decode_stamped(body)[1].bulk
    except Poison:
        return False


def _first(waiting: int) -> int:
    return 0


class Lanes(Generic[T]):
    """The two lanes of a queue, each in the order in which it was filled."""

    def __init__(self) -> None:
        self._lanes: tuple[deque[T], deque[T]] = (deque(), deque())
        self._bulk_is_next = False

    def __len__(self) -> int:
        return sum(map(len, self._lanes))

    def waiting(self, bulk: bool) -> int:
        """Return the number of elements in one lane."""
        return len(self._lanes[bulk])

    def add(self, one: T, bulk: bool) -> None:
        """Append an element to a lane."""
        self._lanes[bulk].append(one)

    def put_back(self, one: T, bulk: bool) -> None:
        """Put an element back at the beginning of a lane."""
        self._lanes[bulk].appendleft(one)

    def take(self, choose: Callable[[int], int] = _first) -> T:
        """Remove and return the first element of the lane whose turn it is, or the one at index `choose(...)`.

        `choose` is given the number of those that wait in the lane; there must be one in either lane.
        """
        bulk = self._bulk_is_next if all(self._lanes) else bool(self._lanes[True])
        self._bulk_is_next = not bulk
        lane = self._lanes[bulk]
        lane.rotate(-choose(len(lane)))
        return lane.popleft()
