"""What a board has answered to a search, remembered across runs, so that nothing is listed twice within some hours.

For boards that list posts from the highest number down. An answer covers a span of numbers: the posts below `below`
(exclusive), down to `lowest` (inclusive), or to 0 when there were none left. Another run of the same search, also with
other thresholds, asks for what is above all spans, and is given the rest from them.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.objects import Objects

Row = dict[str, Any]
"""A post as the board's API has it."""


@dataclass(frozen=True)
class Span:
    """The numbers that an answer covers, and when it was given, in hours since 1970."""

    below: int
    lowest: int
    hour: int

    def covers(self, number: int) -> bool:
        """Return whether the answer says which post comes next below `number`."""
        return self.lowest < number <= self.below


class RememberedRows:
    """The answers of one board to one search. An answer that cannot be read is asked for again."""

    def __init__(
        self,
        store: Objects,
        search: str,
        hours: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._search = hashlib.sha256(search.encode()).hexdigest()
        self._age = timedelta(hours=hours)
        self._clock = clock

    def below(self, number: int) -> list[Row] | None:
        """Return the posts that follow below `number`, from the highest; None if the board has to be asked.

        An empty list means that there are none.
        """
        spans = [span for span in self._spans() if span.covers(number)]
        for span in sorted(spans, key=lambda span: (span.hour, -span.lowest), reverse=True):
            rows = self._read(span)
            if rows is not None:
                return [row for row in rows if row["id"] < number]
        return None

    def keep(self, number: int | None, rows: Sequence[Row]) -> None:
        """Remember the board's answer about the posts below `number`; None if it was about the newest ones.

        Of the newest it says nothing about numbers that are still to come.
        """
        if not rows and number is None:
            return
        below = number if number is not None else max(row["id"] for row in rows) + 1
        lowest = min((row["id"] for row in rows), default=0)
        span = Span(below, lowest, int(self._clock().timestamp()) // 3600)
        self._store.put(self._key(span), json.dumps(list(rows)).encode())

    def since(self) -> datetime | None:
        """Return a time before the oldest answer that is remembered; None if there is none."""
        hours = [span.hour for span in self._spans()]
        return datetime.fromtimestamp(min(hours) * 3600, UTC) if hours else None

    def amend(self, rows: Sequence[Row]) -> None:
        """Put rows into the answers that are about them, in the place of what these say of the same posts."""
        for span in self._spans():
            newer = {row["id"]: row for row in rows if span.lowest <= row["id"] < span.below}
            known = self._read(span) if newer else None
            if known is not None:
                amended = {row["id"]: row for row in known} | newer
                self._store.put(self._key(span), json.dumps(list(amended.values())).encode())

    def _spans(self) -> list[Span]:
        oldest = (self._clock() - self._age).timestamp() / 3600
        found = []
        for key in self._store.list(keys.answer(self._search)):
            try:
                span = Span(*keys.parse_answer(key))
            except Poison:
                continue  # a stray file in the store's folder
            if self._age and span.hour >= oldest - 1:
                found.append(span)
        return found

    def _read(self, span: Span) -> list[Row] | None:
        try:
            rows = json.loads(self._store.get(self._key(span)))
            if not isinstance(rows, list):
                return None
            return sorted(rows, key=lambda row: int(row["id"]), reverse=True)
        except (NotFound, ValueError, KeyError, TypeError):
            return None

    def _key(self, span: Span) -> str:
        return keys.answer(self._search, span.below, span.lowest, span.hour)
