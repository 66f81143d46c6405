"""What an owner is: a stage that alone writes some state of every run, and takes what waits for it in batches."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.contract.declaration import Batching
from shared.contract.messages import NO_STAMP, Message, Stamp
from shared.contract.stage import Context, Stage

M = TypeVar("M", bound=Message)
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Received(Generic[M]):
    """A message and its stamp; `line` is the JSON of both."""

    message: M
    stamp: Stamp
    line: bytes

    @classmethod
    def of(cls, message: M, stamp: Stamp = NO_STAMP) -> "Received[M]":
        """Return a message as an owner would receive it."""
        return cls(message, stamp, message.encode(stamp))


class Owner(Stage[M, S]):
    """A stage whose messages are processed by one thread of one process at a time, those of a run in batches.

    A batch is acknowledged as a whole, once all that `process_batch` returns is published: until then everything may
    come again. What is remembered between two batches holds within one `context.epoch`.
    """

    def __init_subclass__(cls, **_: Any) -> None:
        """Raise `TypeError` when the declaration says nothing of batches: the queue would have several consumers."""
        super().__init_subclass__(**_)
        if "declaration" in vars(cls) and cls.declaration.batching is None:
            raise TypeError(f"{cls.__name__} is an owner, and its declaration has no batching")

    @property
    def batching(self) -> Batching:
        """Return the limits of the owner's batches."""
        assert self.declaration.batching is not None, "checked when the class was made"
        return self.declaration.batching

    @abstractmethod
    def process_batch(self, run: str, batch: Sequence[Received[M]], settings: S, context: Context) -> Iterable[Message]:
        """Process messages of one run: write what follows from them, and return what there is to announce."""

    def process(self, message: M, settings: S, context: Context) -> Iterable[Message]:
        """Process a message as a batch of one."""
        return self.process_batch(message.run, [Received.of(message)], settings, context)

    def rest(self) -> None:
        """Write state that was put off; called whenever no message waits, and at the end."""
