"""Base classes of all messages, their encoding as JSON, and the identity of the items that they are about.

Messages are frozen and versioned. They carry names of things (runs, entries, content digests), never pictures.
Fields that a newer writer added are ignored by an older reader; a message of an unknown type or a newer `v` is
refused.

A run's pictures are identified by `entry`, one per file or address that a source lists: two files with the same
bytes are two entries of one `image`. A face is an entry and a number.
"""

import json
import operator
import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contract.errors import Poison
from shared.contract.facts import FaceFact, Fact, ImageFact, RunFact
from shared.contract.items import Entry, Face, Item, WholeRun
from shared.contract.reasons import Reason

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""

RunId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
"""Name of a run: fit for a key, a log line and a metric label."""

EntryId = Annotated[str, Field(pattern=r"^[0-9a-f]{20}$")]
"""Name of one listed file or address within a run."""

_BILLION = 10**9
"""Keys hold numbers of at most nine digits, and columns of a tally 32 bits."""

Count = Annotated[int, Field(ge=0, lt=_BILLION)]
"""A number of things."""

Ordinal = Annotated[int, Field(ge=1, lt=_BILLION)]
"""A number that counts from 1."""

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""64 bits in hexadecimal."""

_Version = Literal[1]
SCHEMA_VERSION: _Version = get_args(_Version)[0]

MOST_TAGS = 200
"""Tags of a picture that a message may have: it must not be large."""

Tags = Annotated[tuple[str, ...], Field(max_length=MOST_TAGS, exclude_if=operator.not_)]
Fresh = Annotated[bool, Field(exclude_if=operator.not_)]
"""True when the picture that a message names has just come into the store: nothing that was made of it is recorded."""

IDENTITY = ("run", "entry", "source", "score", "face", "version", "revision")
"""Fields that identify an item of a run; the others are about what was made of it."""


class Stamp(BaseModel):
    """The circumstances of a message: the `stage` that published it, when (UTC), at which attempt, after `seconds`.

    `action` is the digest of the action that has just been done, `reused` that of one that was done before. A `bulk`
    message travels in its queue's bulk lane, any other in the express lane.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str = ""
    at: str = ""
    attempt: int | None = None
    seconds: float | None = None
    action: str | None = None
    reused: str | None = None
    bulk: bool = Field(default=False, exclude_if=operator.not_)


NO_STAMP = Stamp()

_as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def now() -> str:
    """Return the present time, UTC, as a stamp has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@cache
def kebab(name: str) -> str:
    """Spell a class name as everything but Python does: `ImageKept` is `image-kept`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower()


class Message(BaseModel):
    """Base of all messages: which run they belong to."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    types: ClassVar[dict[str, type["Message"]]] = {}

    run: RunId

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Register the type for `decode_message`, and strike off its bases, which are no messages themselves."""
        Message.types[cls.kind()] = cls
        for base in cls.__bases__:
            Message.types.pop(kebab(base.__name__), None)

    @classmethod
    def kind(cls) -> str:
        """Return the type's name everywhere but in Python: `ImageKept` is `image-kept`."""
        return kebab(cls.__name__)

    @property
    def item(self) -> Item:
        """The subject of the message."""
        return WholeRun()

    @property
    def drop_reason(self) -> Reason | None:
        """Why the item was dropped or superseded; None where the message says nothing of the kind."""
        return None

    def fact(self, stage: str) -> Fact:
        """Return what the message, published by `stage`, states about its item."""
        return RunFact(self.kind(), stage)

    def encode(self, stamp: Stamp = NO_STAMP) -> bytes:
        """Encode the message as a line of JSON with its type, schema version and stamp.

        What UTF-8 cannot express becomes `?`.
        """
        body = {"type": self.kind(), "v": SCHEMA_VERSION, **self.model_dump(mode="json")}
        if stamp is not NO_STAMP:
            body["stamp"] = stamp.model_dump(exclude_none=True)
        return _as_json(body).encode("utf-8", "replace")

    def finding(self) -> dict[str, Any]:
        """Return the message as an action record keeps it; `rebuild` makes a message about another item of it."""
        return {"type": self.kind(), **self.model_dump(mode="json", exclude={"fresh"})}


class ImageMessage(Message):
    """Base of messages about a picture. Of two the one with the higher `revision` holds."""

    entry: EntryId
    revision: Count = 0

    @property
    def item(self) -> Item:
        return Entry(self.entry)

    def fact(self, stage: str) -> Fact:
        return ImageFact(self.entry, self.kind(), stage, self.revision)


class FaceMessage(Message):
    """Base of messages about a face of a picture."""

    entry: EntryId
    face: Count
    revision: Count = 0

    @property
    def item(self) -> Item:
        return Face(self.entry, self.face)

    def fact(self, stage: str) -> Fact:
        return FaceFact(self.entry, self.face, self.kind(), stage, self.revision)


class _Envelope(BaseModel):
    type: str
    v: _Version
    stamp: Stamp = NO_STAMP


def decode_message(data: bytes) -> Message:
    """Return the message in `data`; raise `Poison` when it is not one of ours or of a newer schema."""
    return decode_stamped(data)[0]


def decode_stamped(data: bytes) -> tuple[Message, Stamp]:
    """Return the message in `data` and its stamp; raise `Poison` as `decode_message` does."""
    try:
        envelope = _Envelope.model_validate_json(data)
        return Message.types[envelope.type].model_validate_json(data), envelope.stamp
    except KeyError as error:
        raise Poison(f"a message of the unknown type {error}") from error
    except ValidationError as error:
        raise Poison(f"not a message of schema version {SCHEMA_VERSION}: {_first(error)}") from error


def rebuild(finding: dict[str, Any], consumed: Message) -> Message:
    """Rebuild the message that `Message.finding` was taken of, as the answer to `consumed`.

    The fields of `IDENTITY` come from `consumed`, all others from `finding`.
    """
    return Message.types[finding["type"]].model_validate({**finding, **identity(consumed)})


def of_revision(made: Message, consumed: Message) -> Message:
    """Return `made`, an answer to `consumed`, with the revision of that unless it has one of its own."""
    revision = getattr(consumed, "revision", 0)
    if not revision or getattr(made, "revision", None) != 0:
        return made
    return made.model_copy(update={"revision": revision})


def identity(message: Message) -> dict[str, Any]:
    """Return the fields that identify the message's item."""
    return {name: value for name in IDENTITY if (value := getattr(message, name, None)) is not None}


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
