"""A part of the day in which nothing is asked of hosts. Pure."""

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
