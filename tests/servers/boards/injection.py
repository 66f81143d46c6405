"""Which requests a fault hits: by path, by number and by a seed."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from demo.board.messages import Answer, Handle, Request

Spoil = Callable[[Request, Handle], Answer]
"""Answers a request badly. It may ask the board for the right answer."""


@dataclass(frozen=True)
class Fault:
    """A fault and the requests that it hits: by path (with wildcards), by their number, and by a seed."""

    spoil: Spoil
    path: str = "*"
    after: int = 0
    """Requests of these paths that are answered well before."""
    times: int | None = None
    """Requests that are hit after that; None: all."""
    each: bool = False
    """Count `after` and `times` for each path by itself."""
    share: float = 1.0
    """Share of the paths that are hit at all."""
    seed: int = 1
    most_paths: int | None = None
    """Different paths that are hit at most: the first ones that are asked for."""
    counted: str | None = None
    """Paths whose requests are counted for `after` and `times`, if these are others than those that are hit."""

    def counts(self, path: str) -> bool:
        """Whether requests of this path are counted."""
        return self.hits(path) if self.counted is None else fnmatchcase(path, self.counted)

    def hits(self, path: str) -> bool:
        """Whether requests of this path can be hit."""
        return fnmatchcase(path, self.path) and Random(f"{self.seed} {path}").random() < self.share

    def applies(self, number: int) -> bool:
        """Whether the request is hit that is the number-th of those counted, from 0."""
        return self.after <= number and (self.times is None or number < self.after + self.times)


class Faults:
    """Faults as a server's `around`: the first that applies to a request decides. They can be ended at any time."""

    def __init__(self, *faults: Fault) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._seen: Counter[tuple[int, str]] = Counter()
        self._hit: defaultdict[int, set[str]] = defaultdict(set)

    def __call__(self, request: Request, handle: Handle) -> Answer:
        for fault in self._applying(request.path):
            return fault.spoil(request, handle)
        return handle(request)

    def end(self) -> None:
        """Answer everything well from now on."""
        with self._lock:
            self._faults = ()

    def _applying(self, path: str) -> list[Fault]:
        found = []
        with self._lock:
            for number, fault in enumerate(self._faults):
                counted = (number, path if fault.each else "")
                if fault.hits(path) and fault.applies(self._seen[counted]) and self._has_room(number, path):
                    found.append(fault)
                self._seen[counted] += fault.counts(path)
        return found

    def _has_room(self, number: int, path: str) -> bool:
        """Whether a fault may hit a path, one that it has hit already or one more; remembers it then."""
        most, hit = self._faults[number].most_paths, self._hit[number]
        if most is not None and path not in hit and len(hit) >= most:
            return False
        hit.add(path)
        return True
