"""How hosts are asked: how often, how long a pause may be, and when to stop."""

from dataclasses import dataclass

from shared.contract.night import Night


@dataclass(frozen=True)
class Politeness:
    """Politeness of a source towards its hosts. All times are in seconds.

    Attributes:
        pause: between an answer of a host and the next request to it
        least_pause: the same for hosts on the public internet, if that is more
        connections: to one host at a time
        night: when nothing is asked for
        back_off: the first pause after trouble, doubled each time in a row, where the host does not say how long
        least_back_off: the same after a refusal, if that is more: who is refused has asked too often
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
    least_back_off: float = 1.0
    longest_wait: float = 120.0
    attempts: int = 4
    refusals: int = 5
    refused_calls: int = 3
    failures: int = 20
    closed: float = 900.0

    def doubled(self, times: int, is_refused: bool = False) -> float:
        """Return the pause after trouble that has come `times` in a row."""
        first = max(self.back_off, self.least_back_off) if is_refused else self.back_off
        return float(min(first * 2.0 ** min(times - 1, 60), self.longest_wait))


@dataclass(frozen=True)
class Limits:
    """Limits of a transfer: `seconds` in all, pauses apart, and bytes per second over a time (`window`)."""

    seconds: float = 600.0
    least_speed: float = 1000.0
    window: float = 30.0


def spoken(seconds: float) -> str:
    """Return a time as a person would say it."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
