"""What a data set consists of, and the digest that names it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Member:
    """One picture of a data set. `name` sorts it, `picture` is the digest of the normalised picture's bytes,
    `image` that of the original; `origins` are the original's provenance records, sorted."""

    name: str
    picture: str
    image: str
    entry: str
    face: int
    origins: tuple[dict[str, Any], ...] = ()


def member_name(image: str, face: int) -> str:
    """The same for the same face of the same picture in any run."""
    return f"{image[:20]}-{face:03d}"


def dataset_digest(resolution: int, members: list[Member]) -> str:
    """SHA-256 of what the files are made of: the same pictures under the same names give the same digest."""
    pictures = sorted((member.name, member.picture) for member in members)
    content = [FORMAT_VERSION, resolution, pictures]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def manifest(digest: str, resolution: int, members: dict[str, Member], order: tuple[str, ...]) -> bytes:
    """The manifest as JSON: the members in the order of the records."""
    listed = [{"index": index, **asdict(members[name])} for index, name in enumerate(order)]
    body = {"digest": digest, "format": FORMAT_VERSION, "resolution": resolution, "members": listed}
    return json.dumps(body, indent=1, sort_keys=True).encode()
