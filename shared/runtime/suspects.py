"""Tells messages that end their workers from messages that merely are at hand when a worker ends.

A broker counts how often a message has come back, whether or not anything was done about it. So a message that has
come back is worked on alone, and that is written down before it begins: only what ends its worker then is to blame.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

from shared.bus.interface import Delivery
from shared.contract import keys
from shared.contract.errors import NotFound, WorkerVanished
from shared.contract.messages import Message
from shared.store.interface import Store

SUSPECT = 2
"""So often a message has come back to its queue when it is worked on alone."""

CONDEMNED, CONDEMNED_IF_LONG = 3, 13
"""So often a message was worked on alone without an answer when it is dead. During long work processes end for many
reasons. RabbitMQ 4 puts aside by itself what was returned more than 20 times, where no policy says otherwise."""


def is_suspect(delivery: Delivery) -> bool:
    """Say whether a message is to be worked on alone."""
    return delivery.redeliveries >= SUSPECT


class Suspects:
    """Counts the times that each suspect of a queue was worked on alone, in the store, for all of its workers."""

    def __init__(self, store: Store, queue: str, long: bool) -> None:
        self._store = store
        self._queue = queue
        self._condemned = CONDEMNED_IF_LONG if long else CONDEMNED

    @contextmanager
    def watched(self, delivery: Delivery, message: Message) -> Iterator[None]:
        """Count the work on a suspect until it is done; raises `WorkerVanished` if it was begun too often.

        The count begins anew after either, for whoever asks for the message again.
        """
        if not is_suspect(delivery):
            yield
            return
        key = self._key(delivery, message)
        times = self._times(key)
        self._store.put(key, _encoded(times + 1 if times < self._condemned else 0))
        if times >= self._condemned:
            raise WorkerVanished(f"{delivery.redeliveries} workers had it, {times} of them alone, and none answered")
        yield
        self._store.put(key, _encoded(0))

    def _key(self, delivery: Delivery, message: Message) -> str:
        attempt = hashlib.sha256(b"%d %s" % (delivery.attempt, delivery.body)).hexdigest()
        return keys.suspect(message.run, self._queue, attempt[:20])

    def _times(self, key: str) -> int:
        try:
            return _decoded(self._store.get(key))
        except NotFound:
            return 0


def _encoded(times: int) -> bytes:
    return json.dumps({"alone": times}).encode()


def _decoded(data: bytes) -> int:
    """Return the count of a record; 0 for one that is damaged."""
    try:
        return int(json.loads(data)["alone"])
    except (ValueError, KeyError, TypeError):
        return 0
