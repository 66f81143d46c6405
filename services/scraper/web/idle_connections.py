"""Connections that are kept open for the next request, at most those of one server for each host."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import httpcore

KEPT_SECONDS = 5.0
_MOST = 20


@dataclass(frozen=True)
class IdleConnection:
    """An idle connection, the server that it leads to, how that was checked, and who used it last."""

    connection: httpcore.HTTPConnection
    host: str
    origin: httpcore.Origin
    check: object
    user: object

    def fits(self, origin: httpcore.Origin, check: object) -> bool:
        """Return whether it leads to `origin` and has passed this `check`."""
        return self.check == check and str(self.origin) == str(origin)


class IdleConnections:
    """Idle connections of a process; a host has one server at a time, and connections to others are closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[IdleConnection] = []

    def take(self, host: str, origin: httpcore.Origin, check: object) -> httpcore.HTTPConnection | None:
        """Return an idle connection to `origin`, if there is one that has passed this `check`."""
        with self._lock:
            self._close(
                lambda kept: kept.connection.has_expired() or (kept.host == host and not kept.fits(origin, check))
            )
            chosen = next((kept for kept in reversed(self._kept) if kept.host == host), None)
            if chosen is None:
                return None
            self._kept.remove(chosen)
            return chosen.connection

    def give_back(self, kept: IdleConnection) -> None:
        """Keep a connection if it can be used again."""
        if kept.connection.is_closed() or not kept.connection.is_idle():
            with suppress(httpcore.NetworkError):
                kept.connection.close()
            return
        with self._lock:
            self._kept.append(kept)
            oldest = self._kept[0]
            self._close(lambda each: each is oldest and len(self._kept) > _MOST)

    def close_of(self, user: object) -> None:
        """Close all that `user` has used last."""
        with self._lock:
            self._close(lambda kept: kept.user is user)

    def _close(self, is_over: Callable[[IdleConnection], bool]) -> None:
        over = [kept for kept in self._kept if is_over(kept)]
        self._kept = [kept for kept in self._kept if kept not in over]
        for kept in over:
            kept.connection.close()
