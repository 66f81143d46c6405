"""The memory of what came of fetching an item, across runs: what has not changed is not fetched again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.scraper.sources import Item
from shared.contract import memory
from shared.contract.reasons import NO_PICTURE, Drop, Reason
from shared.contract.stage import Action, Codec, Objects
from shared.pictures import Limits

VERSION = 1
"""Raise it when records are to be forgotten."""

PASSING = frozenset({Reason.UNREADABLE_FILE, Reason.FETCH_FAILED})
"""May be otherwise another time: every later run tries again. Within a run they stand: an entry has one fate."""

GAPS = (timedelta(0), timedelta(minutes=10), timedelta(days=1), timedelta(weeks=1))
"""How long an address that has sent no picture once, twice, ... is left alone. If it sends none after the last of these
either, it is not asked again unless a person wants that."""

LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class FetchRequest:
    """A run with its limits that asks for items, and the time at which it does.

    `retry_failed` is whether all that failed in earlier runs is to be tried again, whenever that was.
    """

    run: str
    limits: Limits
    now: datetime
    retry_failed: bool = False


@dataclass(frozen=True)
class FetchRecord:
    """The result for an item in `run` under `limits`: an original `image`, of which `provenance` tells, or a `drop`.

    With both, the original lies in the store but is not within these limits. It is `fresh` if it has just come into
    the store, which is not recorded. `asked_at` is when the item was last
    fetched, and `times` how often since then and before, in a row, what came was no picture.
    """

    run: str
    limits: Limits
    image: str | None = None
    provenance: Mapping[str, Any] | None = None
    drop: Drop | None = None
    asked_at: datetime = LONG_AGO
    times: int = 0
    fresh: bool = False

    def holds(self, request: FetchRequest, answers_vary: bool) -> bool:
        """Say whether nothing is to be gained by another look, at a source whose answers vary or do not."""
        reason = self.drop.reason if self.drop is not None else None
        if self.run == request.run or reason is Reason.OPTED_OUT:
            return True
        if reason in PASSING:
            return False
        if answers_vary and reason in NO_PICTURE and self.image is None:
            return not (request.retry_failed or self._is_due(request.now))
        return self.limits == request.limits

    def _is_due(self, now: datetime) -> bool:
        """Say whether the gap is over; if the item was asked for in the future, a clock was wrong."""
        if not 1 <= self.times <= len(GAPS):
            return False
        return not timedelta(0) <= now - self.asked_at < GAPS[self.times - 1]


def times_without_picture(before: FetchRecord | None, drop: Drop | None) -> int:
    """Count the answers in a row that were no picture, the newest of which has led to `drop`, if to any."""
    times = before.times if before is not None else 0
    if drop is not None and drop.reason in NO_PICTURE:
        return times + 1
    return times if drop is not None and drop.reason in PASSING else 0


def recall_fetch(store: Objects, item: Item) -> FetchRecord | None:
    """Return what is known of an item; None when nothing is, or it cannot be read."""
    return memory.recall(store, action_of_fetch(item), _RECORD)


def keep_fetch(store: Objects, item: Item, record: FetchRecord) -> None:
    """Remember what came of an item."""
    memory.keep(store, action_of_fetch(item), record, _RECORD)


def action_of_fetch(item: Item) -> Action:
    """Return the action that stands for all fetching of an item."""
    return Action("scraper", VERSION, settings={}, inputs={"place": item.place, "state": dict(item.state)})


def _written(record: FetchRecord) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(record).items() if name != "fresh"}
    return {"fetched": fields | {"asked_at": record.asked_at.isoformat(timespec="seconds")}}


def _read(record: Mapping[str, Any]) -> FetchRecord:
    """Read a record; those of earlier versions say neither when nor how often they asked: once, long ago."""
    fetched = record["fetched"]
    drop = fetched["drop"] and Drop(Reason(fetched["drop"]["reason"]), fetched["drop"]["detail"])
    return FetchRecord(
        run=fetched["run"],
        limits=Limits(**fetched["limits"]),
        image=fetched["image"],
        provenance=fetched["provenance"],
        drop=drop,
        asked_at=datetime.fromisoformat(fetched.get("asked_at", LONG_AGO.isoformat())).astimezone(UTC),
        times=int(fetched.get("times", times_without_picture(None, drop))),
    )


_RECORD = Codec(_written, _read)
