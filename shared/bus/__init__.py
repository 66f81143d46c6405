"""Message buses."""

from shared.bus.interface import Bus, Consumer, DeadLetter, Delivery, Depth
from shared.bus.memory import MemoryBus, Mischief

__all__ = ["Bus", "Consumer", "DeadLetter", "Delivery", "Depth", "MemoryBus", "Mischief"]
