"""How hosts are asked: how often, how long a pause may be, and when to stop."""

import re
from dataclasses import dataclass
from datetime import datetime, time

_NIGHT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Night:
    """A part of the day in which nothing is asked for; local time, over midnight if it ends before it begins."""

    start: time
    end: time

    @classmethod
    def of(cls, text: str) -> "Night":
        """Parse a text such as `22:00-07:00`; raises `ValueError` for others."""
        found = _NIGHT.fullmatch(text.replace(" ", ""))
        if not found:
            raise ValueError(f"{text[:40]!r} is no part of the day: write it as 22:00-07:00")
        hours = [int(number) for number in found.groups()]
        return cls(time(hours[0], hours[1]), time(hours[2], hours[3]))

    def covers(self, moment: datetime) -> bool:
        """Return whether `moment` lies in this part of its day."""
        now = moment.time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


@dataclass(frozen=True)
class Politeness:
    """Politeness of a source towards its hosts. All times are in seconds.

    Attributes:
        pause: between an answer of a host and the next request to it
        least_pause: the same for hosts on the public internet, if that is more
        connections: to one host at a time
        night: when nothing is asked for
        back_off: the first pause after trouble, doubled each time in a row, where the host does not say how long
        longest_wait: a host that asks for a longer pause is not waited for
        attempts: to get one file or answer
        refusals: in a row, of one host, after which nothing more is asked of it
        refused_calls: in a row, that these must belong to: a single file can be out of order for good
        failures: calls in a row without an answer of use after which nothing more is asked of a host
        closed: how long nothing is asked of it then
    """

    pause: float = 1.0
    least_pause: float = 1.0
    connections: int = 1
    night: Night | None = None
    back_off: float = 2.0
    longest_wait: float = 120.0
    attempts: int = 4
    refusals: int = 5
    refused_calls: int = 3
    failures: int = 20
    closed: float = 900.0

    def doubled(self, times: int) -> float:
        """Return the pause after trouble that has come `times` in a row."""
        return float(min(self.back_off * 2.0 ** min(times - 1, 60), self.longest_wait))


@dataclass(frozen=True)
class Limits:
    """Limits of a transfer: `seconds` in all, pauses apart, and bytes per second over a time (`window`)."""

    seconds: float = 600.0
    least_speed: float = 1000.0
    window: float = 30.0
