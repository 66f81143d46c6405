"""Connections and channels of a broker whose replies can be awaited. The only file that knows pika.

Everything here belongs to one event loop. What pika raises or reports becomes `BusUnavailable`, or `SettingsError`
when trying again would change nothing.
"""

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pika  # type: ignore[import-untyped]
import structlog
from pika import spec
from pika.adapters.asyncio_connection import AsyncioConnection  # type: ignore[import-untyped]
from pika.exceptions import AMQPError, ProbableAccessDeniedError, ProbableAuthenticationError  # type: ignore[import-untyped]

from shared.bus.letters import Outgoing, PublishOutcome
from shared.bus.replies import resolve, words_of
from shared.bus.watched_loop import WatchedLoop
from shared.contract.errors import BusUnavailable, MagritteError, SettingsError

log = structlog.get_logger()
logging.getLogger("pika").setLevel(logging.CRITICAL)  # what matters of it is logged by those who know what it means

_GOODBYE_SECONDS = 2.0
_ON_ITS_WAY_SECONDS = 0.1
_NEVER_WORKS = ("ACCESS_REFUSED", "not found", "refused for user")

OnMessage = Callable[[int, Mapping[str, Any], bytes], None]
"""Called with a delivery's tag, headers and body."""


def parameters(address: str, name: str, heartbeat: int) -> Any:
    """Return pika's parameters for connecting to `address`; the broker's operator sees the connection as `name`.

    A silent broker is given up after about `heartbeat` seconds. Raises `SettingsError` when `address` is none.
    """
    try:
        found = pika.URLParameters(address)
    except Exception as error:  # pika lets whatever its parsing meets escape
        raise SettingsError("MAGRITTE_BUS: no address; write amqp://user:password@host:5672/vhost") from error
    found.heartbeat = heartbeat
    found.client_properties = {"connection_name": name}
    found.connection_attempts = 1
    found.socket_timeout = 5.0
    return found


class Connection:
    """A connection to the broker; once it is over, the result of `ended` is why.

    Publishers wait for `writable`; until then `blocked` says what the broker lacks.
    """

    def __init__(self, how: Any) -> None:
        loop = asyncio.get_running_loop()
        self._loop = WatchedLoop(loop)
        self._opened: Future[None] = loop.create_future()
        self.ended: Future[MagritteError] = loop.create_future()
        self.blocked = ""
        self.writable = asyncio.Event()
        self.writable.set()
        self.raw: Any = None
        # pika raises among its callbacks when a connection is closed while it opens; an attempt can be aborted.
        self._attempt = AsyncioConnection.create_connection([how], self._begin, custom_ioloop=self._loop)

    async def open(self) -> None:
        """Wait until the broker accepts the connection; raise the result of `ended` when it refuses."""
        await asyncio.wait(self._outcomes(), return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            raise self.ended.result()

    async def leave(self) -> None:
        """Close the connection in order; drop it when the broker does not answer."""
        # pika leaves sockets open when it is interrupted while it connects.
        await asyncio.wait(self._outcomes(), timeout=_GOODBYE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            return
        if self.raw is None:
            self._attempt.abort()
        else:
            with suppress(AMQPError):
                self.raw.close()
        await asyncio.wait([self.ended], timeout=_GOODBYE_SECONDS)
        if self.raw is not None and not self.ended.done():
            self._loop.hang_up()
            await asyncio.wait([self.ended], timeout=_GOODBYE_SECONDS)

    def _outcomes(self) -> list["Future[Any]"]:
        return [self._opened, self.ended]

    def _begin(self, found: Any) -> None:
        if not isinstance(found, AsyncioConnection):
            self._end(found)
            return
        self.raw = found
        self.raw.add_on_close_callback(lambda _, reason: self._end(reason))
        self.raw.add_on_connection_blocked_callback(lambda _, frame: self._block(frame.method.reason))
        self.raw.add_on_connection_unblocked_callback(lambda *_: self._unblock())
        resolve(self._opened, None)

    def _end(self, reason: Exception | type[Exception]) -> None:
        resolve(self.ended, _meaning(reason if isinstance(reason, Exception) else reason()))
        self.writable.set()

    def _block(self, why: str) -> None:
        log.warning("broker-blocks-publishers", why=why)
        self.blocked = why
        self.writable.clear()

    def _unblock(self) -> None:
        log.warning("broker-reads-publishers-again")
        self.blocked = ""
        self.writable.set()


class Channel:
    """A channel; once closed, the result of `closed` is why, and everything that waits for a reply fails with it.

    `code` is then the broker's reply code, 0 if it has given none. `raw` is pika's channel.
    """

    def __init__(self, connection: Connection) -> None:
        self._waiting: set[Future[Any]] = set()
        self.code = 0
        self._delivered = 0
        self._held: list[int] | None = None
        self.closed: Future[MagritteError] = asyncio.get_running_loop().create_future()
        self._opened = self._expect()
        try:
            self.raw = connection.raw.channel(on_open_callback=lambda raw: resolve(self._opened, raw))
        except AMQPError as error:
            raise _meaning(error) from error
        self.raw.add_on_close_callback(self._end)
        self.raw.add_on_cancel_callback(lambda _: self._give_up("consumer cancelled by the broker"))

    @property
    def is_open(self) -> bool:
        """Return whether the broker still holds this channel's deliveries."""
        return not self.closed.done()

    async def open(self) -> None:
        """Return when the channel can be used."""
        await self._opened

    async def leave(self) -> None:
        """Close the channel; the broker takes back what was not answered."""
        with suppress(AMQPError):
            self.raw.close()
            await asyncio.wait([self.closed], timeout=_GOODBYE_SECONDS)

    async def consume(self, queue: str, prefetch: int, on_message: OnMessage) -> str:
        """Begin to consume `queue`, at most `prefetch` unanswered messages at a time; return the consumer's tag.

        A consumer that the broker cancels closes its channel, since nobody would notice it otherwise.
        """

        def deliver(_: object, method: Any, properties: Any, body: bytes) -> None:
            self._delivered += 1
            on_message(method.delivery_tag, properties.headers or {}, body)

        await self.call(self.raw.basic_qos, prefetch_count=prefetch)
        answer = await self.call(self.raw.basic_consume, queue, deliver)
        return str(answer.method.consumer_tag)

    async def cancel(self, tags: Iterable[str]) -> None:
        """Stop deliveries to the consumers `tags`.

        RabbitMQ forgets what is on its way to a consumer that is cancelled, until the channel ends, and then counts
        it as returned by a consumer that vanished. Without answers nothing new sets out; so they wait for a moment.
        """
        self._held = []
        try:
            before = -1
            while before != self._delivered:
                before = self._delivered
                await asyncio.sleep(_ON_ITS_WAY_SECONDS)
            await asyncio.gather(*(self.call(self.raw.basic_cancel, tag) for tag in tags))
        finally:
            held, self._held = self._held, None
            for answered in held:
                self.ack(answered)

    async def hold_all(self, queue: str) -> list[tuple[int, Mapping[str, Any], bytes]]:
        """Return the tags, headers and bodies of all messages in `queue`, which this channel holds until answered."""
        held: list[tuple[int, Mapping[str, Any], bytes]] = []
        got = self._expect()
        self.raw.add_callback(lambda _: resolve(got, None), [spec.Basic.GetEmpty])
        while True:
            self._get(queue, got)
            message = await got
            if message is None:
                return held
            held.append(message)
            got = self._expect()

    def give_back(self) -> None:
        """Return everything unanswered to its queue now, where the next to look finds it."""
        if self.raw.is_open:
            self.raw.basic_nack(0, multiple=True, requeue=True)

    def ack(self, tag: int) -> None:
        """Answer a delivery, unless the broker has taken it back."""
        if self._held is not None:
            self._held.append(tag)
        elif self.raw.is_open:
            self.raw.basic_ack(tag)

    def _get(self, queue: str, reply: "Future[Any]") -> None:
        def hand_over(_: object, method: Any, properties: Any, body: bytes) -> None:
            resolve(reply, (method.delivery_tag, properties.headers or {}, body))

        try:
            self.raw.basic_get(queue, hand_over)
        except AMQPError as error:
            reply.set_exception(_meaning(error))

    def _expect(self) -> "Future[Any]":
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def call(self, method: Callable[..., object], *arguments: object, **named: object) -> "Future[Any]":
        """Call a method of `raw` that takes a callback; return the future of the broker's answer."""
        reply = self._expect()
        try:
            method(*arguments, callback=lambda answer: resolve(reply, answer), **named)
        except AMQPError as error:
            reply.set_exception(_meaning(error))
        return reply

    def _give_up(self, why: str) -> None:
        with suppress(AMQPError):
            self.raw.close(0, why)

    def _end(self, _: object, reason: Exception) -> None:
        self.code = getattr(reason, "reply_code", 0)
        meaning = _meaning(reason)
        resolve(self.closed, meaning)
        for future in list(self._waiting):
            if not future.done():
                future.set_exception(meaning)


class Publisher(Channel):
    """A channel with publisher confirms: it gets the broker's answer to each message."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._published = 0
        self._confirms: dict[int, Future[bool]] = {}
        self._returned: set[str] = set()

    async def open(self) -> None:
        await super().open()
        self.raw.add_on_return_callback(lambda _, __, properties, ___: self._returned.add(properties.message_id))
        await self.call(self.raw.confirm_delivery, self._confirm)

    async def publish(self, letter: Outgoing) -> PublishOutcome:
        """Publish a message that survives restarts; return when the broker has decided on it."""
        name = uuid4().hex
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, message_id=name, headers=dict(letter.headers)
        )
        try:
            self.raw.basic_publish(letter.exchange, letter.key, letter.body, properties, mandatory=True)
        except AMQPError as error:
            raise _meaning(error) from error
        self._published += 1
        confirm = self._confirms[self._published] = self._expect()
        accepted = await confirm
        if name in self._returned:
            self._returned.discard(name)
            return PublishOutcome.UNROUTABLE
        return PublishOutcome.CONFIRMED if accepted else PublishOutcome.FULL

    def _confirm(self, frame: Any) -> None:
        method, accepted = frame.method, isinstance(frame.method, spec.Basic.Ack)
        tags = (
            [tag for tag in self._confirms if tag <= method.delivery_tag] if method.multiple else [method.delivery_tag]
        )
        for tag in tags:
            resolve(self._confirms.pop(tag), accepted)


def _meaning(reason: Exception) -> MagritteError:
    """Translate an exception of pika's into `SettingsError`, or into `BusUnavailable` if trying again may help."""
    for inner in (*getattr(reason, "exceptions", ())[-1:], getattr(reason, "exception", None), *reason.args):
        if isinstance(inner, Exception):
            return _meaning(inner)
    words = words_of(reason)
    refused = isinstance(reason, ProbableAuthenticationError | ProbableAccessDeniedError)
    if refused and any(sign in words for sign in _NEVER_WORKS):
        return SettingsError(f"MAGRITTE_BUS: the broker refuses us: {words}")
    return BusUnavailable(words)
