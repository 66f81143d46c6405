"""Receiving from RabbitMQ: a channel per consumer, made anew whenever the broker closes it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import structlog

from shared.bus import letters
from shared.bus.amqp import Channel, Connection
from shared.bus.inbox import Inbox
from shared.bus.lanes import is_bulk
from shared.bus.letters import Outgoing
from shared.bus.reconnecting_connection import ReconnectingConnection, again_and_again
from shared.bus.topology import DEAD, WORK, Topology, lane, lanes
from shared.contract.declaration import Queue
from shared.contract.errors import BusUnavailable, SettingsError

log = structlog.get_logger()

_EPOCHS = count(1)
_CANCEL_SECONDS = 2.0


@dataclass(frozen=True)
class Broker:
    """The parts of a bus that its consumers use.

    `run` runs a coroutine where the connections live. `settle` publishes a letter if there is one, then acknowledges
    the delivery.
    """

    link: ReconnectingConnection
    topology: Topology
    declare: Callable[[Connection], Awaitable[None]]
    run: Callable[[Coroutine[Any, Any, None]], None]
    settle: Callable[["RabbitMQDelivery", Outgoing | None], None]


class RabbitMQDelivery:
    """A `Delivery` of a `RabbitMQBus`; `channel` holds it at the broker."""

    def __init__(
        self,
        consumer: "RabbitMQConsumer",
        channel: Channel,
        epoch: int,
        tag: int,
        headers: Mapping[str, Any],
        body: bytes,
    ) -> None:
        self.consumer = consumer
        self.channel = channel
        self.epoch = epoch
        self.tag = tag
        self.body = body
        self.attempt = letters.attempt(headers)
        self.redeliveries = letters.redeliveries(headers)
        self._published = letters.published(headers, time.time())
        self._headers = headers

    @property
    def bulk(self) -> bool:
        return is_bulk(self.body)

    @property
    def age(self) -> float:
        return max(0.0, time.time() - self._published)

    def ack(self) -> None:
        self._answer(lambda: None)

    def retry(self, after: float) -> None:
        rung = self.consumer.broker.topology.rung(after)
        self._answer(lambda: self._to_lane(rung.name, letters.of_retry(self._headers)))

    def dead(self, reason: str, error: str) -> None:
        name = self.consumer.queue.name
        self._answer(lambda: Outgoing(DEAD, name, self.body, letters.of_dead(self._headers, name, reason, error)))

    def requeue(self) -> None:
        self._answer(lambda: self._to_lane(WORK, letters.of_requeue(self._headers)))

    def _to_lane(self, exchange: str, headers: Mapping[str, Any]) -> Outgoing:
        return Outgoing(exchange, lane(self.consumer.queue, self.bulk), self.body, headers)

    def _answer(self, letter: Callable[[], Outgoing | None]) -> None:
        if self in self.consumer.unanswered:  # or it is answered already, or the broker has taken it back
            self.consumer.broker.settle(self, letter())
            self.consumer.unanswered.discard(self)


class RabbitMQConsumer:
    """A `Consumer` of a `RabbitMQBus`. `epoch` grows whenever the broker has requeued all its messages."""

    def __init__(self, broker: Broker, queue: Queue, prefetch: int) -> None:
        self.broker = broker
        self.queue = queue
        self.unanswered: set[RabbitMQDelivery] = set()
        self.epoch = 0
        self.begun = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self._prefetch = prefetch
        self._inbox = Inbox[RabbitMQDelivery]()
        self._connection: Connection | None = None
        self._channel: Channel | None = None
        self._tags: list[str] = []
        self._paused = self._draining = False

    def receive(self, timeout: float) -> RabbitMQDelivery | None:
        give_up = time.monotonic() + timeout
        while True:
            delivery = self._inbox.get(max(0.0, give_up - time.monotonic()))
            if delivery is None or delivery in self.unanswered:
                return delivery

    def pause(self) -> None:
        self.broker.run(self._pause())

    def resume(self) -> None:
        self.broker.run(self._resume())

    def close(self) -> None:
        with suppress(BusUnavailable):  # closed with everything else
            self.broker.run(self.end())

    async def keep(self) -> None:
        """Consume from one connection after another, until cancelled or drained."""
        try:
            await again_and_again(self._attempt)
        finally:
            self._inbox.close()

    async def drain(self) -> None:
        """Cancel deliveries; messages that the broker has already sent are still handed out."""
        self._draining = True
        await self._cancel()
        self._inbox.close()

    async def end(self) -> None:
        """Cancel the consumer and close its channel; the broker requeues unanswered messages."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _pause(self) -> None:
        self._paused = True
        await self._cancel()

    async def _resume(self) -> None:
        self._paused = False
        if self._channel is not None and not self._tags:
            with suppress(BusUnavailable):  # then the next connection is consumed from
                await self._consume(self._channel)

    async def _attempt(self) -> bool:
        trouble = await self._consume_until_lost(await self.broker.link.up())
        if not self._draining:
            write = log.error if isinstance(trouble, SettingsError) else log.warning
            write("consumer-lost", queue=self.queue.name, epoch=self.epoch, why=str(trouble))
        return not self._draining

    async def _consume_until_lost(self, connection: Connection) -> Exception:
        channel = None
        try:
            if connection is self._connection:  # which has outlived our channel: something was wrong with the queue
                await self.broker.declare(connection)
            self._connection = connection
            channel = self._channel = Channel(connection)
            await channel.open()
            await self._consume(channel)
            self.begun.set()
            return await asyncio.shield(channel.closed)
        except Exception as error:  # whatever it is, a consumer that no longer tries is no use
            return error
        finally:
            self._channel, self._tags = None, []
            self.unanswered.clear()
            if channel is not None and channel.is_open:
                await channel.leave()

    async def _consume(self, channel: Channel) -> None:
        if not self._takes_more():
            return
        self.epoch = next(_EPOCHS)  # also after a pause: another consumer may have been at work
        tags = []
        for name in lanes(self.queue):
            take = partial(self._take, channel, name != self.queue.name)
            tags.append(await channel.consume(name, self._prefetch, take))
        self._tags = tags
        if not self._takes_more():  # paused or drained meanwhile
            await self._cancel()

    def _takes_more(self) -> bool:
        return not (self._paused or self._draining)

    async def _cancel(self) -> None:
        channel, tags, self._tags = self._channel, self._tags, []
        if channel is not None and tags:
            with suppress(BusUnavailable, TimeoutError):
                async with asyncio.timeout(_CANCEL_SECONDS):
                    await channel.cancel(tags)

    def _take(self, channel: Channel, bulk: bool, tag: int, headers: Mapping[str, Any], body: bytes) -> None:
        delivery = RabbitMQDelivery(self, channel, self.epoch, tag, headers, body)
        self.unanswered.add(delivery)
        self._inbox.put(delivery, bulk)
