"""Dead letters in the store: messages that could not be processed, with the error and what was decided about them.

The broker's `.dead` queues hold the same messages, for its operator and its alarms; they may be lost with the broker.
"""

import hashlib
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contract import keys
from shared.contract.errors import MagritteError, NotFound, Poison
from shared.contract.items import WholeRun, parse_item
from shared.contract.messages import Message, decode_message
from shared.contract.stage import sentence, single_errors
from shared.ledger.records import Skipped, ignored
from shared.store.interface import Store

MOST_REPLAYS = 3
"""A message that has died so often after being replayed is not replayed again unless forced."""

NO_RUN = "no-run"
"""In place of the run of a message that could not be read; real runs end with a number."""


_LONGEST_REASON, _LONGEST_TRACEBACK = 500, 20_000
"""Characters."""


class LetterState(StrEnum):
    """States of a dead letter."""

    DEAD = "dead"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


class Letter(BaseModel):
    """A message that no worker of `queue` could process in `attempt` attempts; `replays` are moments in UTC.

    `item` is what the message is about, or one of the things that it is about: then the others were processed. The
    `traceback` is that of an error that nobody expected.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    queue: str
    item: str
    body: str
    attempt: int
    reason: str
    error: str
    traceback: str = ""
    died: datetime
    state: LetterState = LetterState.DEAD
    replays: tuple[datetime, ...] = ()

    @property
    def name(self) -> str:
        """Name of the letter, unique within its run and queue."""
        return f"{self.item}-{hashlib.sha256(self.body.encode()).hexdigest()[:12]}"

    @property
    def entry(self) -> str:
        """The entry of the picture that the message is about; empty if it is about no picture."""
        try:
            item = parse_item(self.item)
        except ValueError:
            return ""
        return "" if isinstance(item, WholeRun) else item.entry

    @property
    def key(self) -> str:
        """Key of the letter in the store."""
        return keys.dead(self.run, self.queue, self.name)

    @property
    def may_be_replayed(self) -> bool:
        """Return whether the letter is dead and was replayed fewer than `MOST_REPLAYS` times."""
        return self.state is LetterState.DEAD and len(self.replays) < MOST_REPLAYS

    def is_of(self, *kinds: type[Message]) -> bool:
        """Say whether the message is of one of these types."""
        try:
            return isinstance(decode_message(self.body.encode()), kinds)
        except Poison:
            return False

    def replayed(self) -> "Letter":
        """Return a copy of the letter that is replayed now."""
        return self.model_copy(update={"state": LetterState.REPLAYED, "replays": (*self.replays, _now())})

    def discarded(self) -> "Letter":
        """Return a copy of the letter that is discarded."""
        return self.model_copy(update={"state": LetterState.DISCARDED})


def bury(
    store: Store, queue: str, body: bytes, message: Message | None, death: tuple[int, Exception], entry: str = ""
) -> Letter:
    """Write down that `body`, or one `entry` that it is about, died at an attempt of an error.

    Earlier replays of the same message stay on record.
    """
    attempt, error = death
    letter = Letter(
        run=message.run if message else NO_RUN,
        queue=queue,
        item=entry or (str(message.item) if message else "unreadable"),
        body=body.decode("utf-8", "replace"),
        attempt=attempt,
        reason=_encodable(sentence(error))[:_LONGEST_REASON],
        error=type(_alone(error)).__name__,
        traceback=_traceback(error),
        died=_now(),
    )
    earlier = find_letter(store, letter.key)
    letter = letter.model_copy(update={"replays": earlier.replays if earlier else ()})
    keep_letter(store, letter)
    return letter


def keep_letter(store: Store, letter: Letter) -> None:
    """Store a letter, in place of an earlier state of it."""
    store.put(letter.key, letter.model_dump_json(indent=1).encode())


def find_letter(store: Store, key: str) -> Letter | None:
    """Return the letter at `key`; None when there is none, or it is cut short (power failure) or of another version."""
    try:
        return Letter.model_validate_json(store.get(key))
    except (NotFound, Poison, ValidationError):  # Poison: a file in the store's folder that is no object
        return None


def letters(store: Store, run: str = "", skipped: Skipped = ignored) -> Iterator[Letter]:
    """Find all letters, or a run's, in the order of their keys. `skipped` gets the keys that cannot be read."""
    for key in store.list(keys.dead(run)):
        letter = find_letter(store, key)
        if letter is not None:
            yield letter
        else:
            skipped(key)


def _alone(error: BaseException) -> BaseException:
    """Return the only error of an exception group; of any other error, and of a group of several, itself."""
    errors = single_errors(error)
    return errors[0] if len(errors) == 1 else error


def _traceback(error: Exception) -> str:
    if isinstance(error, MagritteError):
        return ""
    return _encodable("".join(traceback.format_exception(error)))[-_LONGEST_TRACEBACK:]


def _encodable(text: str) -> str:
    """Return a text without what UTF-8 cannot express: the name of a file can hold it."""
    return text.encode("utf-8", "replace").decode()


def _now() -> datetime:
    return datetime.now(UTC)
