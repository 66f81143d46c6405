"""Writes and reads the journal of a run: what was published about it, in numbered batches that are created once.

A batch is an object of lines, each a message as it crossed the bus, with its stamp. There are no gaps: of two writers
of one number the second is told that it was too late, and reads what the first has written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from shared.contract import keys
from shared.contract.errors import NotFound, Poison, Unreadable
from shared.contract.messages import Message, Stamp, decode_stamped
from shared.contract.objects import Objects

_REMEDY = "`magritte run RECIPE` begins a new run and does nothing twice"


@dataclass(frozen=True, slots=True)
class Record:
    """A message and its stamp; `line` is the JSON of both."""

    message: Message
    stamp: Stamp
    line: bytes


def append(store: Objects, run: str, number: int, lines: Sequence[bytes]) -> bool:
    """Create batch `number` (from 1) of a run's journal; False when there is one."""
    return store.put_new(keys.journal(run, number), b"\n".join(lines) + b"\n")


def batches(store: Objects, run: str, after: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of every batch behind number `after`, in order."""
    for number in count(after + 1):
        try:
            yield number, store.get(keys.journal(run, number))
        except NotFound:
            return


def records(run: str, number: int, content: bytes, about: Sequence[bytes] = ()) -> Iterator[Record]:
    """Yield the records of a batch, with `about` only those that have one of these texts in them.

    Raises `Unreadable` if the batch is damaged.
    """
    key = keys.journal(run, number)
    if not content.endswith(b"\n"):
        raise Unreadable(f"{key} has been cut short or damaged", _REMEDY)
    for line in content.splitlines():
        if not about or any(text in line for text in about):
            try:
                yield Record(*decode_stamped(line), line)
            except Poison as error:
                raise Unreadable(f"{key} is damaged or of another version of Magritte: {error}", _REMEDY) from error
