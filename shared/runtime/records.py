"""Finds and keeps the records of actions, the memory of what has been done."""

from collections.abc import Sequence

from shared.contract import memory
from shared.contract.messages import Message, rebuild
from shared.contract.reasons import PASSING
from shared.contract.stage import Action, Codec
from shared.store.interface import Store


def find_outcome(store: Store, action: Action, consumed: Message) -> list[Message] | None:
    """Find the recorded outcome of `action` for `consumed`; None when there is none, or it is unreadable."""
    return memory.recall(store, action, _answer_to(consumed))


def keep_outcome(store: Store, action: Action, messages: Sequence[Message], consumed: Message) -> None:
    """Record `messages`, the outcome of `action` for `consumed`, unless a reason in them depends on the machine."""
    if not any(message.drop_reason in PASSING for message in messages):
        memory.keep(store, action, list(messages), _answer_to(consumed))


def _answer_to(consumed: Message) -> Codec[list[Message]]:
    return Codec(
        write=lambda messages: {"findings": [message.finding() for message in messages]},
        read=lambda record: [rebuild(finding, consumed) for finding in record["findings"]],
    )
