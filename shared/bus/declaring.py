"""Creates exchanges and queues at the broker, and checks whether they exist."""

from asyncio import Future
from typing import Any

from shared.bus.amqp import Channel, Connection
from shared.bus.topology import BrokerQueue, Exchange, Topology
from shared.contract.errors import BusUnavailable, SettingsError

_ACCESS_REFUSED, _NOT_FOUND, _PRECONDITION_FAILED = 403, 404, 406


async def declare_all(connection: Connection, topology: Topology) -> bool:
    """Create the missing exchanges and queues of a topology, over a channel of its own; False when our user may not."""
    channel = Channel(connection)
    await channel.open()
    for exchange in topology.exchanges():
        if not await declare_exchange(channel, exchange):
            return False
    for queue in topology.broker_queues():
        if not await declare_queue(channel, queue):
            return False
    await channel.leave()
    return True


async def declare_exchange(channel: Channel, exchange: Exchange) -> bool:
    """Create an exchange unless it exists; False when our user may not.

    The channel is closed then. Raises `SettingsError` if it is another one of that name.
    """
    declaring = channel.call(channel.raw.exchange_declare, exchange.name, exchange.kind, durable=True)
    return await _declared(channel, f"exchange {exchange.name}", declaring)


async def declare_queue(channel: Channel, queue: BrokerQueue) -> bool:
    """Create and bind a queue unless it exists; else as `declare_exchange`."""
    what = f"queue {queue.name}"
    declaring = channel.call(channel.raw.queue_declare, queue.name, durable=True, arguments=queue.arguments)
    return await _declared(channel, what, declaring) and await _declared(
        channel, what, channel.call(channel.raw.queue_bind, queue.name, queue.exchange.name, queue.key)
    )


async def is_missing(channel: Channel, thing: Exchange | BrokerQueue) -> bool:
    """Return whether the broker says that `thing` does not exist; the channel cannot be used afterwards.

    RabbitMQ 4.2.6 and later do not answer about what our user has no rights on.
    """
    declare = channel.raw.exchange_declare if isinstance(thing, Exchange) else channel.raw.queue_declare
    try:
        await channel.call(declare, thing.name, passive=True)
    except BusUnavailable:
        if channel.code not in (_NOT_FOUND, _ACCESS_REFUSED):
            raise
    return channel.code == _NOT_FOUND


async def ready(channel: Channel, queue: str) -> int:
    """Return the number of messages in `queue` that wait for a consumer."""
    answer = await channel.call(channel.raw.queue_declare, queue, passive=True)
    return int(answer.method.message_count)


async def _declared(channel: Channel, what: str, reply: "Future[Any]") -> bool:
    try:
        await reply
    except BusUnavailable as error:
        if channel.code == _PRECONDITION_FAILED:
            raise SettingsError(
                f"MAGRITTE_BUS: {what} was declared with other properties, as another version of Magritte does: "
                f"delete it at the broker once it is empty, then start again ({error})"
            ) from error
        if channel.code != _ACCESS_REFUSED:
            raise
        return False
    return True
