"""The last events of a run in the store, where commands and the console see how its work goes."""

import json
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import to_jsonable_python

from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.events import Emitted, Level
from shared.contract.objects import Objects


class LastEvent(BaseModel):
    """The last event of a kind that a stage has emitted in a run, the item that it was at work on, and when."""

    model_config = ConfigDict(frozen=True)

    kind: str
    stage: str
    level: Level = Level.INFO
    item: str
    at: AwareDatetime
    fields: dict[str, Any]


def keep_event(store: Objects, emitted: Emitted) -> None:
    """Put an event into the store, over the one of its kind before; what is not finite becomes null."""
    event = emitted.event
    last = LastEvent(
        kind=event.kind(),
        stage=emitted.stage,
        level=event.level,
        item=emitted.item,
        at=emitted.at,
        fields=event.fields(),
    )
    text = json.dumps(to_jsonable_python(last, inf_nan_mode="null"), ensure_ascii=False)
    store.put(keys.event(emitted.run, last.stage, last.kind), text.encode("utf-8", "replace"))


def last_events(store: Objects, run: str) -> list[LastEvent]:
    """Return the last event of each kind that a run's stages have emitted, by stage and kind.

    Objects that are no events, or of another version of Magritte, are passed over: the next event replaces them.
    """
    found = (_read(store, key) for key in store.list(keys.event(run)))
    return [event for event in found if event is not None]


def _read(store: Objects, key: str) -> LastEvent | None:
    try:
        keys.parse_event(key)
        return LastEvent.model_validate_json(store.get(key))
    except (NotFound, Poison, ValidationError):
        return None
