"""Message buses by address."""

from collections.abc import Iterable, Sequence

from shared.bus.interface import Bus, Consumer, DeadLetter, Delivery, Depth
from shared.bus.memory import FaultInjection, MemoryBus
from shared.contract.declaration import Queue
from shared.contract.errors import SettingsError

__all__ = ["Bus", "Consumer", "DeadLetter", "Delivery", "Depth", "FaultInjection", "MemoryBus", "open_bus"]


def open_bus(address: str, queues: Iterable[Queue], pauses: Sequence[float], name: str) -> Bus:
    """Return a bus with `queues` at `address`, which connects in the background.

    An address is such as `amqp://user:password@host:5672/vhost`. `pauses` are the seconds that `Delivery.retry` can
    ask for; `name` is what the broker's operator sees. Raises `SettingsError` for any other scheme: the in-memory bus
    lives within `magritte run` and has no address.
    """
    if not address.startswith(("amqp://", "amqps://")):
        raise SettingsError(f"MAGRITTE_BUS: {address!r} is no broker; write amqp://user:password@host:5672")
    from shared.bus.rabbitmq import RabbitMQBus

    return RabbitMQBus(address, queues, pauses=tuple(pauses), name=name)
