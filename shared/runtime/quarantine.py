"""Lets one thread have the process for itself: for an item that may take the process down, so that nobody else's
item goes down with it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Quarantine:
    """Work is done in company, or alone: after all that is under way, and with nothing new beside it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._in_company = 0
        self._wanting = 0
        self._alone = False

    @contextmanager
    def company(self) -> Iterator[None]:
        """Work beside others; waits while somebody works alone or is about to."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._wanting)
            self._in_company += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_company -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Work when no other does."""
        with self._changed:
            self._wanting += 1
            self._changed.wait_for(lambda: not self._alone and not self._in_company)
            self._wanting -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
