"""What a data set consists of, and the digest that names it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Derivation:
    """The member that another one is made of, and a sentence on how it was altered."""

    source: str
    by: str


@dataclass(frozen=True)
class Member:
    """One picture of a data set. `name` sorts it, `picture` is the digest of the normalised picture's bytes,
    `image` that of the original. `label` is its class, if the data set has classes. `derived` is there for an altered
    copy of another member, which has everything else from that."""

    name: str
    picture: str
    image: str
    entry: str
    face: int
    label: str | None = None
    derived: Derivation | None = None

    def copy(self, name: str, picture: str, derived: Derivation) -> "Member":
        """Return the member of another picture that is made of this one."""
        return replace(self, name=name, picture=picture, derived=derived)


Origins = Callable[[str], Sequence[Mapping[str, Any]]]
"""Returns the provenance of an image at each of its places in the run."""


def member_name(image: str, face: int) -> str:
    """Return the name of a face of a picture: the same in any run."""
    return f"{image[:20]}-{face:03d}"


def derived_name(source: str, number: int) -> str:
    """Return the name of the altered copy `number`, from 1 on, of a member."""
    return f"{source}-{number:02d}"


def dataset_digest(resolution: int, members: list[Member], classes: Sequence[str] = ()) -> str:
    """Return the SHA-256 of a data set's content: the same pictures under the same names give the same digest.

    So do the same classes in the same order; without any, the digest is what it was before there were classes.
    """
    pictures = sorted((member.name, member.picture) for member in members)
    content: list[Any] = [FORMAT_VERSION, resolution, pictures]
    if classes:
        content += [list(classes), sorted((member.name, member.label) for member in members)]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def write_manifest(
    stream: BinaryIO,
    digest: str,
    resolution: int,
    members: Iterable[Member],
    origins: Origins,
    classes: Sequence[str] = (),
) -> None:
    """Write the manifest as JSON, a member on each line, in the given order, which is that of the records.

    For a data set with classes it names them in the order of the labels' columns, and each member's as its `label`.
    An altered copy has `derived`: the name `from` which it is made, and `by` what.
    """
    about: dict[str, Any] = {"digest": digest, "format": FORMAT_VERSION, "resolution": resolution}
    head = json.dumps(about | ({"classes": list(classes)} if classes else {}))
    stream.write(head.removesuffix("}").encode() + b', "members": [')
    for index, member in enumerate(members):
        stream.write(b",\n" if index else b"\n")
        stream.write(_line({"index": index, **_fields(member), "origins": list(origins(member.image))}))
    stream.write(b"\n]}\n")


def _fields(member: Member) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(member).items() if value is not None}
    derived = {"from": member.derived.source, "by": member.derived.by} if member.derived else None
    return {**fields, "derived": derived} if derived else fields


def _line(member: dict[str, Any]) -> bytes:
    return json.dumps(member, sort_keys=True).encode()
