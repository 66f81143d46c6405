"""The cascade's model file: a path, or an address that is fetched once and kept in the user's cache folder."""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import RecipeError, RunUnusable, Transient
from shared.contract.stage import Objects
from shared.http_transport import public_client
from shared.recipe.faces import Cascade
from shared.recipe.files import content

MAX_BYTES = 16_000_000
"""Known cascades have 0.1 to 2 MB."""

SECONDS = 60.0
"""Time that fetching may take in all."""


@dataclass(frozen=True)
class Fetching:
    """Settings for fetching a model: what may be connected to, and the folder that it is kept in."""

    egress: EgressPolicy = field(default_factory=EgressPolicy)
    cache: Path = field(default_factory=lambda: Path.home() / ".cache" / "magritte")


def read_model(settings: Cascade, fetching: Fetching, store: Objects | None = None) -> bytes:
    """Read the cascade that a recipe names, from a file, the cache or its server, and check its digest if one is given.

    Raises `RecipeError` when the recipe lacks the model or its digest, `RunUnusable` when it cannot be had or is
    another file, and `Transient` when its server does not deliver it for now.
    """
    model, digest = settings.model, settings.sha256
    if not model:
        raise RecipeError("faces.cascade.model: the cascade detector needs a model file")
    if model.startswith("sha256:") and store is not None:
        return _checked(content(model, store, "faces.cascade.model"), digest, model)
    if not model.startswith(("http://", "https://")):
        return _checked(_read(Path(model)), digest, model)
    if not digest:
        raise RecipeError("faces.cascade.sha256: a model that is fetched needs the digest that it must have")
    cached = fetching.cache / f"{digest}.xml"
    if cached.is_file() and _digest(data := _read(cached)) == digest:
        return data
    return _kept(cached, _checked(_fetch(model, fetching.egress), digest, model))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checked(data: bytes, digest: str, origin: str) -> bytes:
    if digest and _digest(data) != digest:
        raise RunUnusable(f"{origin} is not the cascade that the recipe means: its SHA-256 is {_digest(data)}")
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunUnusable(f"the cascade {path} cannot be read: {error.strerror or error}") from error


def _fetch(address: str, egress: EgressPolicy) -> bytes:
    data, deadline = bytearray(), time.monotonic() + SECONDS
    try:
        with public_client(egress, SECONDS / 2) as client, client.stream("GET", address) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise RunUnusable(f"{address} is no cascade: it has more than {MAX_BYTES} bytes")
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
