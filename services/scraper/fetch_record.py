"""The memory of what came of fetching an item, across runs: an item that has not changed is not fetched again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.scraper.sources import Item
from shared import keys
from shared.errors import NotFound
from shared.fates import Drop, Reason
from shared.pictures import Limits
from shared.stage import Action, Objects

VERSION = 1
"""Raise it when records are to be forgotten."""

_PASSING = {Reason.UNREADABLE_FILE, Reason.FETCH_FAILED}
"""May be otherwise another time; within a run they stand, so that an entry has one fate."""


@dataclass(frozen=True)
class FetchRecord:
    """What came of an item in `run` under `limits`: an original `image`, of which `provenance` tells, or a `drop`.

    With both, the original lies in the store but is not within these limits.
    """

    run: str
    limits: Limits
    image: str | None = None
    provenance: Mapping[str, Any] | None = None
    drop: Drop | None = None

    def holds(self, run: str, limits: Limits) -> bool:
        """Whether another look would have the same outcome."""
        passing = self.drop is not None and self.drop.reason in _PASSING
        return self.run == run or (self.limits == limits and not passing)


def recall_fetch(store: Objects, item: Item) -> FetchRecord | None:
    """What is known of an item; None when nothing is, or it cannot be read."""
    try:
        record = json.loads(store.get(_key(item)))["fetched"]
        drop = record["drop"] and Drop(Reason(record["drop"]["reason"]), record["drop"]["detail"])
        return FetchRecord(**{**record, "limits": Limits(**record["limits"]), "drop": drop})
    except (NotFound, ValueError, KeyError, TypeError):
        return None


def keep_fetch(store: Objects, item: Item, record: FetchRecord) -> None:
    """Remember what came of an item."""
    action = _action(item)
    body = {"stage": action.stage, "version": action.version, "inputs": action.inputs, "fetched": asdict(record)}
    store.put(_key(item), json.dumps(body, sort_keys=True).encode())


def _action(item: Item) -> Action:
    return Action("scraper", VERSION, settings={}, inputs={"place": item.place, "state": dict(item.state)})


def _key(item: Item) -> str:
    action = _action(item)
    return keys.action(action.stage, action.digest)
