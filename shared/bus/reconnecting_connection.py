"""A connection to the broker that is made anew whenever it is lost, for as long as the process lives."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from random import uniform

import structlog

from shared.bus.amqp import Connection
from shared.contract.errors import SettingsError

log = structlog.get_logger()

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_HEALTHY_SECONDS = 10.0


def growing_pauses() -> Iterator[float]:
    """Yield the seconds between attempts: growing, and random so that processes do not all try at the same time."""
    longest = _FIRST_PAUSE
    while True:
        yield uniform(longest / 2, longest)
        longest = min(longest * 2, _LONGEST_PAUSE)


async def again_and_again(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Await `attempt` until it returns False, with growing pauses, which begin anew after one that lasted."""
    clock = asyncio.get_running_loop().time
    pauses, begun = growing_pauses(), clock()
    while await attempt():
        if clock() - begun > _HEALTHY_SECONDS:
            pauses = growing_pauses()
        await asyncio.sleep(next(pauses))
        begun = clock()


class ReconnectingConnection:
    """Keeps a connection to the broker; `times` counts how often it was made.

    `trouble` is why there is no connection, also while the next attempt is under way.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Connection],
        prepare: Callable[[Connection], Awaitable[None]],
        changed: threading.Condition,
    ) -> None:
        self.connection: Connection | None = None
        self.trouble: Exception | None = None
        self.times = 0
        self._log = log.bind(connection=name)
        self._connect = connect
        self._prepare = prepare
        self._changed = changed
        self._up = asyncio.Event()

    async def up(self) -> Connection:
        """Return the connection, as soon as there is one."""
        while self.connection is None:
            await self._up.wait()
        return self.connection

    async def keep(self) -> None:
        """Connect again and again until cancelled."""
        await again_and_again(self._connect_and_wait)

    async def _connect_and_wait(self) -> bool:
        before = str(self.trouble)
        trouble = await self._stay_connected()
        if isinstance(trouble, SettingsError):
            self._log.error("broker-refuses", why=str(trouble))
        elif str(trouble) != before:
            self._log.warning("broker-lost", why=str(trouble))
        self._become(None, trouble)
        return True

    async def _stay_connected(self) -> Exception:
        connection = None
        try:
            connection = self._connect()
            await connection.open()
            await self._prepare(connection)
            self._become(connection, None)
            return await asyncio.shield(connection.ended)
        except Exception as error:  # whatever it is, a process without a connection and without attempts is no use
            return error
        finally:
            if connection is not None and not connection.ended.done():
                await connection.leave()

    def _become(self, connection: Connection | None, trouble: Exception | None) -> None:
        with self._changed:
            self.connection, self.trouble = connection, trouble
            self._changed.notify_all()
        if connection is None:
            self._up.clear()
        else:
            self.times += 1
            self._log.info("broker-connected")
            self._up.set()
