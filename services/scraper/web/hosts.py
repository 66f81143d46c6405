"""When each host may be asked again, whoever wants something of it: a process has one `Hosts`."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from services.scraper.web.idle_connections import IdleConnections
from services.scraper.web.politeness import Politeness, spoken
from services.scraper.web.shared_turns import SharedTurns
from shared.contract.errors import HostRefuses, Interrupted

GLANCE = 0.2
"""Seconds between two looks at whether to stop."""
_LATER = "`magritte run RECIPE` or `magritte resume RUN` goes on later"
_AT_ONCE = 1e-9
_FEW = 1000
_KEPT_IN_MIND = 900.0


@dataclass
class _Host:
    """Knowledge of one host; times are by the clock of its `Hosts`."""

    requested_at: float = float("-inf")
    held_until: float = float("-inf")
    busy: int = 0
    refusals: int = 0
    refused_call: object = None
    refused_calls: int = 0
    failures: int = 0
    closed_until: float = float("-inf")
    why: str = ""
    is_public: bool = False
    wishes: dict[object, float] = field(default_factory=dict)

    @property
    def is_in_trouble(self) -> bool:
        """True if its last answer was not good."""
        return self.refusals + self.failures > 0

    def due(self, pause: float) -> float:
        """Return when it may be asked by one who would wait for `pause`: the longest pause that anybody wants holds."""
        return max(self.held_until, self.requested_at + max([pause, *self.wishes.values()]))


class Hosts:
    """Gives turns at hosts to any number of threads, and remembers how the hosts have answered.

    The turns are `shared` with other processes of this machine.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = datetime.now,
        shared: SharedTurns | None = None,
    ) -> None:
        self.clock = clock
        self.idle = IdleConnections()
        self._sleep = sleep
        self._now = now
        self._shared = shared or SharedTurns()
        self._free = threading.Condition()
        self._hosts: dict[str, _Host] = {}
        self._many = _FEW

    @contextmanager
    def turn(self, host: str, politeness: Politeness, stopping: Callable[[], bool]) -> Iterator[None]:
        """Wait until `host` may be asked, and keep others from it until the context is left.

        Raises `HostRefuses` if it is closed, and `Interrupted` when asked to stop.
        """
        if stopping():
            raise Interrupted

        def wait(seconds: float) -> None:
            if stopping():
                raise Interrupted
            self._sleep(min(seconds, GLANCE))

        while (left := self._take(host, politeness)) > 0:
            wait(left)
        try:
            with self._shared.turn(host, wait):
                try:
                    yield
                finally:
                    self._shared.put_off(host, self._left(host, politeness))
        finally:
            with self._free:
                self._hosts[host].busy -= 1
                self._free.notify_all()

    def _left(self, host: str, politeness: Politeness) -> float:
        """Return the seconds until `host` may be asked again by this process."""
        with self._free:
            return self._known(host).due(politeness.pause) - self.clock()

    def _take(self, host: str, politeness: Politeness) -> float:
        """Take a turn and return 0, or return how many seconds to wait before trying again."""
        with self._free:
            known = self._known(host)
            if (now := self.clock()) < known.closed_until:
                raise HostRefuses(known.why)
            if politeness.night is not None and politeness.night.covers(self._now()):
                return GLANCE
            if (left := known.due(politeness.pause) - now) > 0:
                return left
            if known.busy < politeness.connections:
                known.busy += 1
                return 0
            self._free.wait(GLANCE)
            return _AT_ONCE

    def _known(self, host: str) -> _Host:
        if host not in self._hosts:
            self._forget_idle()
            self._hosts[host] = _Host()
        return self._hosts[host]

    def _forget_idle(self) -> None:
        """Forget hosts of which there is nothing to remember, once there are many."""
        if len(self._hosts) < self._many:
            return
        now = self.clock()
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.busy
            or max(host.due(0), host.closed_until) > now
            or (host.is_in_trouble and now - host.requested_at < _KEPT_IN_MIND)
        }
        self._many = max(_FEW, 2 * len(self._hosts))

    def requesting(self, host: str, client: object, pause: float, is_public: bool = False) -> None:
        """Note that `client` asks `host` now and wants `pause` between two requests to it.

        A host that `is_public` is closed to all processes of the machine when it is; others are a person's own.
        """
        with self._free:
            known = self._known(host)
            known.wishes[client] = pause
            known.is_public |= is_public
            known.requested_at = self.clock()

    def answered(self, host: str) -> None:
        """Note that an answer of `host` has begun: the pause counts from here."""
        with self._free:
            self._known(host).requested_at = self.clock()

    def succeeded(self, host: str) -> None:
        """Note that `host` has answered well: all rows of troubles end."""
        with self._free:
            known = self._known(host)
            known.refusals, known.refused_call, known.refused_calls, known.failures = 0, None, 0, 0

    def forget(self, client: object) -> None:
        """Forget what `client` wanted."""
        with self._free:
            for known in self._hosts.values():
                known.wishes.pop(client, None)

    def hold(self, host: str, seconds: float) -> None:
        """Ask `host` for nothing for `seconds` from now."""
        with self._free:
            known = self._known(host)
            known.held_until = max(known.held_until, self.clock() + seconds)
        self._shared.put_off(host, seconds)

    def refused(self, host: str, call: object, answer: str, seconds: float | None, politeness: Politeness) -> int:
        """Hold `host`, which has refused, and return how many calls it has refused in a row; each may ask again.

        It is held for `seconds`, or for a pause that doubles each time in a row. Raises `HostRefuses` and closes the
        host if it has refused too often.
        """
        with self._free:
            known = self._known(host)
            known.refusals += 1
            known.refused_calls += known.refused_call is not call
            known.refused_call = call
            times, calls = known.refusals, known.refused_calls
        self.hold(host, politeness.doubled(times, is_refused=True) if seconds is None else seconds)
        if times >= politeness.refusals and calls >= politeness.refused_calls:
            raise self.closed(host, f"answered {answer}, {times} refusals in a row", politeness.closed)
        return calls

    def failed(self, host: str, trouble: str, politeness: Politeness) -> None:
        """Note that a call of `host` was given up; raises `HostRefuses` if that happens too often in a row."""
        with self._free:
            known = self._known(host)
            known.failures += 1
            times = known.failures
        if times >= politeness.failures:
            raise self.closed(host, f"has failed {times} times in a row, lastly with {trouble}", politeness.closed)

    def closed(self, host: str, what: str, seconds: float) -> HostRefuses:
        """Close `host` for `seconds` because of `what` it did, and return the error that says so."""
        why = f"{host} {what}: nothing more is asked of it for {spoken(seconds)}; {_LATER}"
        self.succeeded(host)
        with self._free:
            known = self._known(host)
            known.why, known.closed_until = why, max(known.closed_until, self.clock() + seconds)
        if known.is_public:
            self._shared.close(host, seconds, why)
        return HostRefuses(why)
