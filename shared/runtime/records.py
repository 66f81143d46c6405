"""The memory of what has been done: action records, and the trail of facts about every item of a run."""

import json
from collections.abc import Sequence
from typing import Any

from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.messages import Message, recall
from shared.contract.reasons import PASSING
from shared.contract.stage import Action
from shared.ledger.tally import Fact
from shared.store.interface import Store


def find(store: Store, action: Action, asked: Message) -> list[Message] | None:
    """Find the recorded outcome of `action` as an answer to `asked`; None when there is none, or it is unreadable."""
    try:
        record = json.loads(store.get(keys.action(action.stage, action.digest)))
        return [recall(finding, asked) for finding in record["findings"]]
    except (NotFound, ValueError, KeyError, TypeError):
        return None


def keep(store: Store, action: Action, messages: Sequence[Message]) -> None:
    """Record the outcome of `action`, unless it says more of the machine than of the input."""
    if any(getattr(message, "reason", None) in PASSING for message in messages):
        return
    record = {
        "stage": action.stage,
        "version": action.version,
        "settings": dict(action.settings),
        "inputs": dict(action.inputs),
        "findings": [message.finding() for message in messages],
    }
    store.put(keys.action(action.stage, action.digest), _json(record))


def leave_trail(store: Store, stage: str, message: Message, circumstances: dict[str, Any]) -> None:
    """Write down what `message` says about its item; the first telling stays."""
    key = keys.trail(message.run, message.item, Fact.of(stage, message).label)
    store.put_new(key, _json({"stage": stage, **message.finding(), **circumstances}))


def _json(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")  # names of files can hold what UTF-8 cannot express
