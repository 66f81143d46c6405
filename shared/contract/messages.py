"""Every message that crosses the bus.

Messages are frozen and versioned. They carry names of things (runs, entries, content digests), never pictures.
Fields that a newer writer added are ignored by an older reader; a message of an unknown type or a newer `v` is
refused.

A run's pictures are told apart by `entry`, one per file or address that a source lists: two files with the same
bytes are two entries of one `image`. A face is an entry and a number.
"""

import json
import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contract.errors import Poison
from shared.contract.reasons import Drop, Reason

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""

RunId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
"""Name of a run: fit for a key, a log line and a metric label."""

EntryId = Annotated[str, Field(pattern=r"^[0-9a-f]{20}$")]
"""Name of one listed file or address within a run."""

Count = Annotated[int, Field(ge=0)]
"""A number of things."""

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""64 bits in hexadecimal."""

SCHEMA_VERSION = 1

IDENTITY = ("run", "entry", "source", "score", "face", "version")
"""Fields that tell items of a run apart, as opposed to those that say what was made of an item."""


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
        """Register the type, so that `decode` finds it by its name; what others are kinds of is no message itself."""
        Message.types[cls.kind()] = cls
        for base in cls.__bases__:
            Message.types.pop(kebab(base.__name__), None)

    @classmethod
    def kind(cls) -> str:
        """Return the type's name everywhere but in Python: `ImageKept` is `image-kept`."""
        return kebab(cls.__name__)

    @property
    def item(self) -> str:
        """Subject of the message: a face, an entry, or the run itself. Names the item in logs and traces."""
        entry, face = getattr(self, "entry", None), getattr(self, "face", None)
        if entry is None:
            return "run"
        return entry if face is None else f"{entry}.{face}"

    def encode(self) -> bytes:
        """Encode the message as JSON bytes with its type and schema version; what UTF-8 cannot express becomes `?`."""
        body = {"type": self.kind(), "v": SCHEMA_VERSION, **self.model_dump(mode="json")}
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")

    def finding(self) -> dict[str, Any]:
        """Return the message as an action record keeps it, to be told again of other items by `recall`."""
        return {"type": self.kind(), **self.model_dump(mode="json")}


class RunRequested(Message):
    """A run shall begin or go on: list this source of its recipe."""

    source: Count


class ImageFetched(Message):
    """An original lies in the store."""

    entry: EntryId
    image: Digest
    source: Count
    score: int = 0


class SourceExhausted(Message):
    """A source has been listed to its end; the listing object names all `count` entries."""

    source: Count
    count: Count


class ImageFingerprinted(Message):
    """An original's fingerprint is known; hashes are 64 bits in hexadecimal, colours 4x4 mean sRGB values.

    The hashes are imagehash's phash and dhash, of the picture and of its mirror image.
    """

    entry: EntryId
    image: Digest
    score: int
    width: Count
    height: Count
    lossless: bool
    phash: Hash
    mirrored_phash: Hash
    dhash: Hash
    mirrored_dhash: Hash
    colours: Annotated[str, Field(pattern=r"^[0-9a-f]{96}$")]


class Judgement(Message):
    """A decision of the deduper's index, made when an entry arrived.

    Decisions can change as better copies arrive: the one with the highest `arrival` (counted from 1) holds.
    `decisions` says how many entries that arrival decided, so that a reader knows when it has seen them all.
    """

    entry: EntryId
    image: Digest
    arrival: Annotated[int, Field(ge=1)]
    decisions: Annotated[int, Field(ge=1)]


class ImageKept(Judgement):
    """The best copy of its group so far."""


class ImageSuperseded(Judgement):
    """Not kept (any longer): the run has a better copy, `by`."""

    by: Digest
    reason: Reason


class Dropped(Message):
    """A picture or a face left the run at `stage`."""

    entry: EntryId
    stage: str
    reason: Reason
    detail: str = ""

    @classmethod
    def of(cls, asked: Message, stage: str, drop: Drop, **item: str | int) -> Self:
        """Make a stage's answer to `asked`. What `asked` does not say of the item (its entry or face) is in `item`."""
        found = {"stage": stage, "reason": drop.reason, "detail": drop.detail}
        return cls.model_validate({**_identity(asked), **item, **found})


class ImageDropped(Dropped):
    """A picture left the run."""


class FaceFound(Message):
    """A face has been cut out; `crop` is its picture, `box` where it was: left, top, width, height in pixels."""

    entry: EntryId
    image: Digest
    face: Count
    crop: Digest
    box: tuple[int, int, int, int]
    side: Count


class FacesCounted(Message):
    """The number of faces of a picture that went on; each settles on its own."""

    entry: EntryId
    image: Digest
    faces: Annotated[int, Field(ge=1)]


class FaceUpscaled(Message):
    """A face is large enough; `crop` is the enlarged picture, or the same one when it was."""

    entry: EntryId
    image: Digest
    face: Count
    crop: Digest
    factor: Annotated[int, Field(ge=1)]


class FaceNormalized(Message):
    """A face is ready for the data set; `picture` is the digest of the encoded, verified picture."""

    entry: EntryId
    image: Digest
    face: Count
    picture: Digest


class FaceDropped(Dropped):
    """A face left the run."""

    face: Count


def dropped(asked: Message, stage: str, drop: Drop) -> Dropped:
    """Return a stage's answer that what it was asked about leaves the run: a face, or else a picture."""
    kind = FaceDropped if hasattr(asked, "face") else ImageDropped
    return kind.of(asked, stage, drop)


class ItemDied(Message):
    """An item could not be processed and stays out of the data set until it is replayed."""

    entry: EntryId | None = None
    face: Count | None = None
    stage: str
    error: str
    detail: str = ""


class DatasetPacked(Message):
    """Version `version` of the run's data set lies in the store."""

    version: Annotated[int, Field(ge=1)]
    digest: Digest


class LegDue(Message):
    """Train one leg of the training that data set version `version` asks for."""

    version: Annotated[int, Field(ge=1)]
    dataset: Digest
    training: Digest
    leg: Count


class SnapshotTaken(Message):
    """A leg is complete: checkpoint `leg` exists, `kimg` thousand pictures have been shown to D."""

    version: Annotated[int, Field(ge=1)]
    dataset: Digest
    training: Digest
    leg: Count
    kimg: float
    last: bool


class RankingReady(Message):
    """The training pictures have been scored by the discriminator of checkpoint `leg`; `files` are keys by name."""

    version: Annotated[int, Field(ge=1)]
    dataset: Digest
    training: Digest
    leg: Count
    files: dict[str, str] = {}


class _Envelope(BaseModel):
    type: str
    v: Literal[1]


def decode(data: bytes) -> Message:
    """Return the message in `data`; raise `Poison` when it is not one of ours or of a newer schema."""
    try:
        envelope = _Envelope.model_validate_json(data)
        return Message.types[envelope.type].model_validate_json(data)
    except KeyError as error:
        raise Poison(f"a message of the unknown type {error}") from error
    except ValidationError as error:
        raise Poison(f"not a message of schema version {SCHEMA_VERSION}: {_first(error)}") from error


def recall(finding: dict[str, Any], asked: Message) -> Message:
    """Rebuild the message that `Message.finding` was taken of, as the answer to `asked`.

    What tells items apart (`IDENTITY`) comes from the question, what was made of them from the finding.
    """
    return Message.types[finding["type"]].model_validate({**finding, **_identity(asked)})


def _identity(message: Message) -> dict[str, Any]:
    """Return the fields that tell the message's item apart."""
    return {name: value for name in IDENTITY if (value := getattr(message, name, None)) is not None}


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
