"""The event loop as pika sees it, which can end pika's connection.

pika itself ends a connection when the broker agrees, or when nothing came for as long as the heartbeat allows. A
broker short of memory does neither: it reads nothing from those who publish, and goes on sending heartbeats.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class WatchedLoop:
    """An event loop, with all its attributes, that remembers the sockets which are waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sockets: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def add_reader(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call `callback` whenever there is something to be read from the socket `descriptor`."""
        self._sockets.add(descriptor)
        self._loop.add_reader(descriptor, callback)

    def remove_reader(self, descriptor: int) -> bool:
        """Wait for the socket `descriptor` no longer; return whether it was waited for."""
        self._sockets.discard(descriptor)
        return self._loop.remove_reader(descriptor)

    def hang_up(self) -> None:
        """Shut down all sockets that are waited for, so that whoever reads them finds them at their end."""
        for descriptor in self._sockets:
            with socket.socket(fileno=os.dup(descriptor)) as same, suppress(OSError):  # the other side may be gone
                same.shutdown(socket.SHUT_RDWR)
