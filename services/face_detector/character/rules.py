"""The part of a recipe that says which faces are the character's, as the stage sees it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.errors import RunUnusable
from shared.recipe.character import Character
from shared.recipe.files import digest, listed_faces

METHOD = 1
"""Counts changes of how faces are compared, with which scores on record are of no use."""


class Comparison(BaseModel):
    """Everything that a face's scores depend on beside the face: the colours and the reference faces, by digest."""

    model_config = ConfigDict(frozen=True)

    method: int = METHOD
    hair: tuple[str, ...]
    eyes: tuple[str, ...]
    colours: bool
    like: tuple[str, ...]


class CharacterRules(BaseModel):
    """Rules by which faces are compared and dropped; `faces` is where the reference lies."""

    model_config = ConfigDict(frozen=True)

    comparison: Comparison
    tolerance: float
    faces: tuple[str | Path, ...] = Field(exclude=True)


def rules_of(character: Character) -> CharacterRules | None:
    """Return a recipe's rules; None where it has none. Raises `RunUnusable` for a reference that cannot be read."""
    faces = _named(character)
    if not (character.hair or character.eyes or (faces and character.colours)):
        return None
    try:
        like = tuple(sorted({digest(face) for face in faces}))
    except OSError as error:
        raise RunUnusable(f"character.like: {error.filename} cannot be read: {error.strerror}") from error
    comparison = Comparison(hair=character.hair, eyes=character.eyes, colours=character.colours, like=like)
    return CharacterRules(comparison=comparison, tolerance=character.tolerance, faces=faces)


def _named(character: Character) -> tuple[str | Path, ...]:
    if isinstance(character.like, Path):
        return tuple(listed_faces(character.like))
    return character.like or ()
