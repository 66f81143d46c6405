"""The memory of what has been done: action records, and the trail of facts about every item of a run."""

import json
from collections.abc import Sequence
from typing import Any

from shared.contract import keys, memory
from shared.contract.messages import Message, recall
from shared.contract.reasons import PASSING
from shared.contract.stage import Action, Codec
from shared.ledger.trail import label_of
from shared.store.interface import Store


def find(store: Store, action: Action, asked: Message) -> list[Message] | None:
    """Find the recorded outcome of `action` as an answer to `asked`; None when there is none, or it is unreadable."""
    return memory.recall(store, action, _answer_to(asked))


def keep(store: Store, action: Action, messages: Sequence[Message], asked: Message) -> None:
    """Record `messages`, the outcome of `action` for `asked`, unless they say more of the machine than of the input."""
    if not any(getattr(message, "reason", None) in PASSING for message in messages):
        memory.keep(store, action, list(messages), _answer_to(asked))


def _answer_to(asked: Message) -> Codec[list[Message]]:
    return Codec(
        write=lambda messages: {"findings": [message.finding() for message in messages]},
        read=lambda record: [recall(finding, asked) for finding in record["findings"]],
    )


def leave_trail(store: Store, stage: str, message: Message, circumstances: dict[str, Any]) -> None:
    """Write down what `message` says about its item; the first telling stays."""
    key = keys.trail(message.run, str(message.item), label_of(message.fact(stage)))
    store.put_new(key, _json({"stage": stage, **message.finding(), **circumstances}))


def _json(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")  # names of files can hold what UTF-8 cannot express
