"""The part of a recipe that says which faces are the character's, as the stage sees it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.face_detector.character.models import CharacterModels
from shared import onnx_model
from shared.contract.errors import RunUnusable
from shared.recipe.character import Character
from shared.recipe.files import digest, listed_faces

METHOD = 1
"""Counts changes of how faces are compared, with which scores on record are of no use."""


class Identity(BaseModel):
    """A model by its digest, and the version of the library that runs it."""

    model_config = ConfigDict(frozen=True)

    model: str
    library: str


class Comparison(BaseModel):
    """Everything that a face's scores depend on beside the face: the colours and the reference faces, by digest."""

    model_config = ConfigDict(frozen=True)

    method: int = METHOD
    hair: tuple[str, ...]
    eyes: tuple[str, ...]
    colours: bool
    like: tuple[str, ...]
    embedding: Identity | None


class CharacterRules(BaseModel):
    """Rules by which faces are compared and dropped; `character` says where the files lie that they name."""

    model_config = ConfigDict(frozen=True)

    comparison: Comparison
    tolerance: float
    distance: float
    character: Character = Field(exclude=True)


def rules_of(character: Character, models: CharacterModels) -> CharacterRules | None:
    """Return a recipe's rules; None where it has none. Raises `RunUnusable` for a file that cannot be read."""
    embedding = character.embedding
    by_colours = character.hair or character.eyes or (character.like and character.colours)
    if not by_colours and not embedding.model:
        return None
    comparison = Comparison(
        hair=character.hair,
        eyes=character.eyes,
        colours=character.colours,
        like=_like(character),
        embedding=_identity(models.embedding_digest(embedding)) if embedding.model else None,
    )
    return CharacterRules(
        comparison=comparison, tolerance=character.tolerance, distance=embedding.distance, character=character
    )


def reference_faces(character: Character) -> tuple[str | Path, ...]:
    """Return the files of the reference faces: paths, or digests in the store."""
    if isinstance(character.like, Path):
        return tuple(listed_faces(character.like))
    return character.like or ()


def _like(character: Character) -> tuple[str, ...]:
    try:
        return tuple(sorted({digest(face) for face in reference_faces(character)}))
    except OSError as error:
        raise RunUnusable(f"character.like: {error.filename} cannot be read: {error.strerror}") from error


def _identity(model: str) -> Identity:
    return Identity(model=model, library=onnx_model.library_version())
