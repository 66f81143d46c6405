"""Asks the broker what lies in its queues, over an open channel."""

from collections.abc import Callable, Iterable, Mapping

from shared.bus import declaring, letters
from shared.bus.amqp import Channel
from shared.bus.interface import DeadLetter, Depth
from shared.bus.topology import Rung, dead_queue, lanes
from shared.contract.declaration import Queue


async def depths(channel: Channel, unacked: Mapping[Queue, int], rungs: Iterable[Rung]) -> dict[str, Depth]:
    """Return the depth of each queue by name, given the `unacked` of each, and of each rung of the delay ladder."""
    found = {
        queue.name: Depth(
            sum([await declaring.ready(channel, lane) for lane in lanes(queue)]),
            count,
            dead=await declaring.ready(channel, dead_queue(queue.name)),
        )
        for queue, count in unacked.items()
    }
    return found | {rung.name: Depth(delayed=await declaring.ready(channel, rung.name)) for rung in rungs}


async def remove_dead(channel: Channel, queue: str, of: Callable[[DeadLetter], bool]) -> list[DeadLetter]:
    """Remove the dead letters of `queue` for which `of` returns true, and return them."""
    removed = []
    for tag, headers, body in await channel.hold_all(dead_queue(queue)):
        letter = letters.dead_letter(queue, headers, body)
        if of(letter):
            channel.ack(tag)
            removed.append(letter)
    channel.give_back()
    return removed
