"""Files that a recipe names. Submitted, they lie in the store, so that a run depends on no machine's disk."""

import hashlib
from pathlib import Path

from shared import sha256
from shared.contract import keys
from shared.contract.errors import NotFound, Poison, RecipeError
from shared.contract.stage import Objects
from shared.recipe.recipe import Recipe
from shared.recipe.sources import AddressesSource, Source

_STORED = "sha256:"


def deposited(recipe: Recipe, store: Objects) -> Recipe:
    """Put the files that `recipe` names into the store, and return the recipe with their digests in place of paths.

    These are lists of addresses, the cascade's model and the network to start from. Raises `RecipeError` when one
    cannot be read.
    """
    faces, training = recipe.faces, recipe.training
    model = faces.cascade.model
    if model and not model.startswith(("http://", "https://", _STORED)):
        cascade = faces.cascade.model_copy(update={"model": _deposited(Path(model), "faces.cascade.model", store)})
        faces = faces.model_copy(update={"cascade": cascade})
    if isinstance(training.start_from, Path):
        network = _deposited(training.start_from, "training.start_from", store)
        training = training.model_copy(update={"start_from": network})
    sources = tuple(_deposited_source(source, number, store) for number, source in enumerate(recipe.sources))
    return recipe.model_copy(update={"sources": sources, "faces": faces, "training": training})


def with_addresses(source: Source, store: Objects) -> Source:
    """Return a source whose list of addresses, if that lies in the store, is in it."""
    if not isinstance(source, AddressesSource) or not isinstance(source.urls, str):
        return source
    lines = content(source.urls, store, "sources.urls").decode("utf-8-sig", errors="replace").splitlines()
    return source.model_copy(update={"urls": tuple(lines)})


def content(named: str | Path, store: Objects, field: str) -> bytes:
    """Return the bytes of a file that a recipe names: of the store, or of this machine where it was not submitted.

    Raises `Poison`, which names the recipe's `field`, when there is none.
    """
    try:
        if isinstance(named, Path):
            return named.read_bytes()
        data = store.get(keys.file(digest(named)))
    except OSError as error:
        raise Poison(f"{field}: {named}: {error.strerror}") from error
    except NotFound as error:
        raise Poison(f"{field}: {named} is not in the store: submit the recipe again") from error
    if hashlib.sha256(data).hexdigest() != digest(named):
        raise Poison(f"{field}: {named} is damaged in the store: submit the recipe again")
    return data


def digest(named: str | Path) -> str:
    """Return the SHA-256 of a file that a recipe names. Raises `OSError` for a path that cannot be read."""
    if isinstance(named, str):
        return named.removeprefix(_STORED)
    return sha256.hash_file(named)


def _deposited_source(source: Source, number: int, store: Objects) -> Source:
    if isinstance(source, AddressesSource) and isinstance(source.urls, Path):
        return source.model_copy(update={"urls": _deposited(source.urls, f"sources.{number}.urls", store)})
    return source


def _deposited(path: Path, field: str, store: Objects) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecipeError(f"{field}: {path} cannot be read: {error.strerror}") from error
    name = hashlib.sha256(data).hexdigest()
    if not store.exists(keys.file(name)) or store.get(keys.file(name)) != data:  # damaged, as by a power failure
        store.put(keys.file(name), data)
    return _STORED + name
