"""Hands what a broker delivers to the threads of a consumer."""

import threading
from typing import Generic, TypeVar

from shared.bus.lanes import Lanes

T = TypeVar("T")


class Inbox(Generic[T]):
    """Delivered messages that no thread has taken yet, handed out from both lanes in turn."""

    def __init__(self) -> None:
        self._lanes = Lanes[T]()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, delivery: T, bulk: bool) -> None:
        """Add a delivery from a lane."""
        with self._changed:
            self._lanes.add(delivery, bulk)
            self._changed.notify()

    def close(self) -> None:
        """End all waiting in `get`; messages that were delivered are still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def get(self, timeout: float) -> T | None:
        """Return the next delivery; None if none came within `timeout` seconds or the inbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._lanes) > 0, timeout)
            return self._lanes.take() if self._lanes else None
