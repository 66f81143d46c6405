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

    def company(self) -> "_Company":
        """Work beside others; waits while somebody works alone or is about to."""
        return _Company(self)

    def join(self) -> None:
        """Begin work in company."""
        with self._changed:
            while self._alone or self._wanting:
                self._changed.wait()
            self._in_company += 1

    def leave(self) -> None:
        """End work in company."""
        with self._changed:
            self._in_company -= 1
            if not self._in_company:
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


class _Company:
    """The context of work in company. Not a generator, which costs several times as much: all messages pass here."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine

    def __enter__(self) -> None:
        self._quarantine.join()

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self._quarantine.leave()
