"""The bus over RabbitMQ.

One daemon thread talks to the broker; other threads hand it coroutines and wait for them. It keeps two connections:
a broker short of memory reads nothing more from those that publish, and acknowledgements must still get through.
"""

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from shared.bus import declaring, letters, questions
from shared.bus.amqp import Channel, Connection, Publisher, parameters
from shared.bus.consumer import Broker, RabbitMQConsumer, RabbitMQDelivery
from shared.bus.interface import DeadLetter, Depth
from shared.bus.lanes import is_bulk
from shared.bus.letters import Outgoing, PublishOutcome
from shared.bus.reconnecting_connection import ReconnectingConnection, growing_pauses
from shared.bus.topology import WORK, BrokerQueue, Exchange, Topology, lane
from shared.contract.declaration import Queue
from shared.contract.errors import BusUnavailable, MagritteError, Poison, SettingsError
from shared.contract.messages import NO_STAMP, Message, Stamp

T = TypeVar("T")

LARGEST_BODY = 64 * 1024
"""Bytes of a message; messages carry names of objects, never pictures."""

_FULL_QUEUE_PAUSE = 0.5
_LAST_CHANCE_SECONDS = 5.0
_THREAD_SECONDS = 30.0


class RabbitMQBus:
    """A `Bus` at an address `amqp://user:password@host:5672/vhost`, to which it connects in the background.

    `pauses` are the seconds that a retry can wait. A broker that says nothing for about `heartbeat` seconds is left,
    and what it does not confirm within `patience` seconds raises `BusUnavailable`. Raises `SettingsError` for what
    is no address.
    """

    def __init__(
        self,
        address: str,
        queues: Iterable[Queue],
        pauses: tuple[float, ...] = (10.0, 60.0, 600.0),
        name: str = "magritte",
        heartbeat: int = 30,
        patience: float = 60.0,
    ) -> None:
        known = tuple(queues)
        incoming, outgoing = (parameters(address, f"{name}: {does}", heartbeat) for does in ("consume", "publish"))
        self._place = f"{incoming.host}:{incoming.port}/{incoming.virtual_host.removeprefix('/')}"
        self._queues = {queue.name: queue for queue in known}
        self._topology = Topology(known, pauses)
        self._patience = patience
        self._changed = threading.Condition()
        self._incoming = ReconnectingConnection("consume", partial(Connection, incoming), self._declare, self._changed)
        self._outgoing = ReconnectingConnection(
            "publish", partial(Connection, outgoing), self._open_publisher, self._changed
        )
        self._publisher: Publisher | None = None
        self._publisher_lock = asyncio.Lock()
        self._consumers: set[RabbitMQConsumer] = set()
        self._calls: set[concurrent.futures.Future[Any]] = set()
        self._draining = self._closed = False
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"{name}-amqp", daemon=True)
        self._thread.start()

    @property
    def is_connected(self) -> bool:
        """Return whether messages can be published and received now."""
        return self._incoming.connection is not None and self._outgoing.connection is not None

    @property
    def reconnects(self) -> int:
        return sum(max(link.times - 1, 0) for link in (self._incoming, self._outgoing))

    def connect(self, timeout: float) -> None:
        """Wait for the broker to let us in.

        Raises `SettingsError` as soon as it refuses us or has queues that do not fit, and `BusUnavailable` when it
        does not answer within `timeout` seconds.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.is_connected or self._refusal is not None, timeout)
            if not self.is_connected:
                raise self._refusal or self._unavailable()

    def publish(self, message: Message, stamp: Stamp = NO_STAMP) -> None:
        queues = [queue for queue in self._queues.values() if type(message) in queue.consumes]
        self._publish(message.encode(stamp), queues, stamp.bulk)

    def send(self, queue: str, body: bytes) -> None:
        self._publish(body, [self._queues[queue]], is_bulk(body))

    def consume(self, queue: str, prefetch: int = 1) -> RabbitMQConsumer:
        broker = Broker(self._incoming, self._topology, self._declare, self._call, self._settle)
        consumer = RabbitMQConsumer(broker, self._queues[queue], prefetch)
        self._call(self._begin(consumer))
        return consumer

    def depths(self) -> dict[str, Depth]:
        """Return what is ready and dead at the broker, and unanswered in this process, by queue.

        All queues share the delay queues, under whose names the messages that wait for another attempt are counted.
        """
        return self._call(self._query(self._depths))

    def remove_dead(self, queue: str, of: Callable[[DeadLetter], bool]) -> list[DeadLetter]:
        return self._call(self._query(partial(questions.remove_dead, queue=self._queues[queue].name, of=of)))

    def drain(self) -> None:
        self._draining = True
        self._call(self._drain())

    def close(self) -> None:
        with suppress(BusUnavailable):
            self.drain()
        with self._changed:
            if not self._closed:
                self._closed = True
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_THREAD_SECONDS)

    # The rest runs where the connections live, apart from `_call` and what calls it.

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._keep_connected())

    async def _keep_connected(self) -> None:
        links = [asyncio.create_task(link.keep()) for link in (self._incoming, self._outgoing)]
        await self._stop.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_CHANCE_SECONDS):
                await asyncio.gather(*map(asyncio.wrap_future, list(self._calls)), return_exceptions=True)
        await asyncio.gather(*(consumer.end() for consumer in self._consumers))
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        with self._changed:  # so that no call begins on a loop that is about to end
            if self._closed:
                work.close()
                raise BusUnavailable("the bus is closed")
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            self._calls.add(future)
            future.add_done_callback(self._calls.discard)
        try:
            return future.result()
        except concurrent.futures.CancelledError as error:
            raise BusUnavailable("the bus was closed") from error

    def _publish(self, body: bytes, queues: list[Queue], bulk: bool) -> None:
        if len(body) > LARGEST_BODY:
            raise Poison(f"a message of {len(body)} bytes; at most {LARGEST_BODY} are published")
        headers = letters.of_new(time.time())
        self._call(self._put_all([Outgoing(WORK, lane(queue, bulk), body, headers) for queue in queues]))

    def _settle(self, delivery: RabbitMQDelivery, letter: Outgoing | None) -> None:
        if letter is not None:
            self._call(self._move(delivery, letter))
        else:
            with suppress(RuntimeError):  # the loop is closed: the broker has taken the delivery back
                self._loop.call_soon_threadsafe(delivery.channel.ack, delivery.tag)

    async def _declare(self, connection: Connection) -> None:
        """Declare all exchanges and queues; if our user may not, raise `SettingsError` when one is missing."""
        if await declaring.declare_all(connection, self._topology):
            return
        things: list[Exchange | BrokerQueue] = [*self._topology.exchanges(), *self._topology.broker_queues()]
        queries = (self._query_once(connection, partial(declaring.is_missing, thing=thing)) for thing in things)
        for thing, is_missing in zip(things, await asyncio.gather(*queries), strict=True):
            if is_missing:
                raise SettingsError(
                    f"MAGRITTE_BUS: the broker {self._place} has no {thing.name}, which its user may not declare: "
                    "run `magritte setup` as a user who may, or import rabbitmq-definitions.json of `make env`"
                )

    async def _open_publisher(self, connection: Connection) -> None:
        await self._declare(connection)
        publisher = Publisher(connection)
        await publisher.open()
        self._publisher = publisher

    async def _put_all(self, outgoing: list[Outgoing]) -> None:
        await asyncio.gather(*(self._put(letter) for letter in outgoing))

    async def _put(self, letter: Outgoing, holder: Channel | None = None) -> None:
        """Publish `letter` until the broker has it; `holder` is the channel of the delivery that it answers."""
        give_up = self._loop.time() + self._patience
        trouble: BusUnavailable | None = None
        for pause in growing_pauses():
            if holder is not None and not holder.is_open:
                return  # delivered again, so that the answer is void
            outcome, refusal = await self._try(letter, give_up)
            trouble = refusal or trouble
            if outcome is PublishOutcome.CONFIRMED:
                return
            if outcome is PublishOutcome.FULL and not self._draining:
                give_up = self._loop.time() + self._patience
            if outcome is PublishOutcome.UNROUTABLE or self._loop.time() >= give_up:
                raise trouble or self._unavailable()
            await asyncio.sleep(min(pause, _FULL_QUEUE_PAUSE))

    async def _try(self, letter: Outgoing, give_up: float) -> tuple[PublishOutcome | None, BusUnavailable | None]:
        """Publish `letter` once; return the broker's answer by the time `give_up`, if any, and what to raise for it."""
        try:
            async with asyncio.timeout_at(give_up):
                outcome = await self._publish_once(letter)
                return outcome, BusUnavailable(f"the broker {self._place}: queue {letter.key} {outcome.value}")
        except TimeoutError:
            return None, None
        except MagritteError as error:
            return None, BusUnavailable(f"the broker {self._place}: {error}")

    async def _publish_once(self, letter: Outgoing) -> PublishOutcome:
        connection = await self._outgoing.up()
        await connection.writable.wait()
        async with self._publisher_lock:
            if self._publisher is None or not self._publisher.is_open:
                await self._open_publisher(connection)
            publisher = self._publisher
        assert publisher is not None
        outcome = await publisher.publish(letter)
        if outcome is PublishOutcome.UNROUTABLE:
            await self._declare(connection)
            outcome = await publisher.publish(letter)
        return outcome

    async def _move(self, delivery: RabbitMQDelivery, letter: Outgoing) -> None:
        await self._put(letter, delivery.channel)
        delivery.channel.ack(delivery.tag)

    async def _begin(self, consumer: RabbitMQConsumer) -> None:
        if self._draining:
            await consumer.drain()
            return
        consumer.task = asyncio.create_task(consumer.keep())
        self._consumers.add(consumer)
        consumer.task.add_done_callback(lambda _: self._consumers.discard(consumer))
        try:
            async with asyncio.timeout(self._patience):
                await consumer.begun.wait()
        except TimeoutError:
            await consumer.end()
            raise self._unavailable() from None

    async def _drain(self) -> None:
        await asyncio.gather(*(consumer.drain() for consumer in self._consumers))

    async def _query(self, question: Callable[[Channel], Awaitable[T]]) -> T:
        """Ask `question` until there is an answer; what is missing at the broker is declared again in between."""
        try:
            async with asyncio.timeout(self._patience):
                for pause in growing_pauses():
                    connection = await self._incoming.up()
                    with suppress(BusUnavailable):
                        return await self._query_once(connection, question)
                    await asyncio.sleep(pause)
                    with suppress(MagritteError):
                        await self._declare(connection)
        except TimeoutError:
            pass
        raise self._unavailable()

    async def _query_once(self, connection: Connection, question: Callable[[Channel], Awaitable[T]]) -> T:
        channel = Channel(connection)
        await channel.open()
        try:
            return await question(channel)
        finally:
            await channel.leave()

    async def _depths(self, channel: Channel) -> dict[str, Depth]:
        unacked = dict.fromkeys(self._queues.values(), 0)
        for consumer in self._consumers:
            unacked[consumer.queue] += len(consumer.unanswered)
        return await questions.depths(channel, unacked, self._topology.rungs)

    @property
    def _refusal(self) -> SettingsError | None:
        troubles = (self._incoming.trouble, self._outgoing.trouble)
        return next((trouble for trouble in troubles if isinstance(trouble, SettingsError)), None)

    def _unavailable(self) -> BusUnavailable:
        connection, trouble = self._outgoing.connection, self._outgoing.trouble or self._incoming.trouble
        if connection is not None and connection.blocked:
            return BusUnavailable(f"the broker {self._place} takes no messages: {connection.blocked}")
        return BusUnavailable(f"the broker {self._place} does not answer" + (f": {trouble}" if trouble else ""))
