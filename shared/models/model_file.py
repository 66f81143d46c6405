"""Model files that a recipe names: a path, or an address that is fetched once and kept in the user's cache folder."""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import RecipeError, RunUnusable, Transient
from shared.contract.stage import Objects
from shared.http_transport import public_client
from shared.recipe.files import content, digest

SECONDS = 60.0
"""Time that fetching may take in all."""


@dataclass(frozen=True)
class Fetching:
    """Settings for fetching a model: what may be connected to, and the folder that it is kept in."""

    egress: EgressPolicy = field(default_factory=EgressPolicy)
    cache: Path = field(default_factory=lambda: Path.home() / ".cache" / "magritte")


@dataclass(frozen=True)
class ModelFile:
    """A model as a recipe names it in `section`: a path, an http(s) address or a digest in the store (`named`).

    A file of other than `sha256`, if that is given, or of more than `most_bytes` is refused.
    """

    section: str
    named: str
    sha256: str
    most_bytes: int


def read_model(file: ModelFile, fetching: Fetching, store: Objects | None = None) -> bytes:
    """Read the model that a recipe names, from a file, the cache or its server, and check its digest if one is given.

    Raises `RecipeError` when the recipe lacks the model or its digest, `RunUnusable` when it cannot be had or is
    another file, and `Transient` when its server does not deliver it for now.
    """
    if not file.named:
        raise RecipeError(f"{file.section}.model: a model file is needed")
    if file.named.startswith("sha256:") and store is not None:
        return _checked(content(file.named, store, f"{file.section}.model"), file)
    if not file.named.startswith(("http://", "https://")):
        return _checked(_read(Path(file.named)), file)
    if not file.sha256:
        raise RecipeError(f"{file.section}.sha256: a model that is fetched needs the digest that it must have")
    cached = fetching.cache / f"{file.sha256}{PurePosixPath(urlsplit(file.named).path).suffix}"
    if cached.is_file() and _digest(data := _read(cached)) == file.sha256:
        return data
    return _kept(cached, _checked(_fetch(file, fetching.egress), file))


def digest_of(file: ModelFile, fetching: Fetching) -> str:
    """Return the SHA-256 of a model; it is read only if the recipe names a file without saying which digest it has."""
    if file.named.startswith("sha256:"):
        return digest(file.named)
    return file.sha256 or _digest(read_model(file, fetching))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checked(data: bytes, file: ModelFile) -> bytes:
    if file.sha256 and _digest(data) != file.sha256:
        raise RunUnusable(f"{file.named} is not what {file.section}.sha256 means: its SHA-256 is {_digest(data)}")
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunUnusable(f"the model {path} cannot be read: {error.strerror or error}") from error


def _fetch(file: ModelFile, egress: EgressPolicy) -> bytes:
    address = file.named
    data, deadline = bytearray(), time.monotonic() + SECONDS
    try:
        with public_client(egress, SECONDS / 2) as client, client.stream("GET", address) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > file.most_bytes:
                    raise RunUnusable(f"{address} is no such model: it has more than {file.most_bytes} bytes")
                if time.monotonic() > deadline:
                    raise Transient(f"{address} has not arrived within {SECONDS:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Transient(f"{address} cannot be fetched: {error}") from error
    return bytes(data)


def _kept(path: Path, data: bytes) -> bytes:
    """Write `data` to `path` if possible and return it; without a cache the next process fetches it again."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:12]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
    return data
