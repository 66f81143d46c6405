"""Files that a recipe names. Submitted, they lie in the store, so that a run depends on no machine's disk."""

import hashlib
from pathlib import Path
from typing import TypeVar

from shared import sha256
from shared.contract import keys
from shared.contract.errors import NotFound, Poison, RecipeError
from shared.contract.stage import Objects
from shared.recipe.character import Character, reference_files
from shared.recipe.recipe import Recipe
from shared.recipe.section import Section
from shared.recipe.sources import AddressesSource, Source

S = TypeVar("S", bound=Section)

_STORED = "sha256:"

MODELS = (
    ("faces", "cascade", "model"),
    ("faces", "onnx", "model"),
    ("character", "embedding", "model"),
    ("character", "tagger", "model"),
    ("character", "tagger", "tags_file"),
    ("background", "model"),
)
"""Fields that name a model by path or address, or none by an empty text."""


def deposited(recipe: Recipe, store: Objects) -> Recipe:
    """Put the files that `recipe` names into the store, and return the recipe with their digests in place of paths.

    These are lists of addresses, models (`MODELS`), the character's faces and the network to start from. Raises
    `RecipeError` when one cannot be read.
    """
    training = recipe.training
    if isinstance(training.start_from, Path):
        network = _deposited(training.start_from, "training.start_from", store)
        training = training.model_copy(update={"start_from": network})
    sources = tuple(_deposited_source(source, number, store) for number, source in enumerate(recipe.sources))
    recipe = recipe.model_copy(update={"sources": sources, "training": training})
    recipe = recipe.model_copy(update={"character": _with_deposited_faces(recipe.character, store)})
    for path in MODELS:
        recipe = _with_deposited_model(recipe, path, path, store)
    return recipe


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


def listed_faces(folder: Path) -> list[Path]:
    """Return the pictures of the folder that `character.like` names. Raises `RecipeError` where there are none."""
    try:
        faces = reference_files(folder)
    except OSError as error:
        raise RecipeError(f"character.like: {folder} cannot be listed: {error.strerror}") from error
    if not faces:
        raise RecipeError(f"character.like: {folder} has no picture")
    return faces


def _with_deposited_model(section: S, path: tuple[str, ...], field: tuple[str, ...], store: Objects) -> S:
    """Return a section of a recipe whose model at `path` lies in the store; `field` is its path in the recipe."""
    value = getattr(section, path[0])
    if len(path) > 1:
        return section.model_copy(update={path[0]: _with_deposited_model(value, path[1:], field, store)})
    if not value or value.startswith(("http://", "https://", _STORED)):
        return section
    return section.model_copy(update={path[0]: _deposited(Path(value), ".".join(field), store)})


def _with_deposited_faces(character: Character, store: Objects) -> Character:
    """Return the section with the digests of the pictures in the folder `like`, in order."""
    if not isinstance(character.like, Path):
        return character
    faces = {_deposited(path, "character.like", store) for path in listed_faces(character.like)}
    return character.model_copy(update={"like": tuple(sorted(faces))})


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
