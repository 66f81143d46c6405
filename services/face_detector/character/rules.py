"""The part of a recipe that says which faces are the character's, as the stage sees it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.face_detector.character.models import CharacterModels
from shared import onnx_model
from shared.contract.errors import RunUnusable
from shared.recipe.character import Character, TaggerInput
from shared.recipe.files import digest, listed_faces
from shared.recipe.recipe import Recipe

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


class Tagging(BaseModel):
    """Everything that a picture's tags depend on beside the picture: the tagger's files, by digest, and its kind."""

    model_config = ConfigDict(frozen=True)

    tagger: Identity
    tags: str
    input: TaggerInput


class FaceRules(BaseModel):
    """Rules on what faces are compared with, and from which differences, of colours or by a model, they are dropped."""

    model_config = ConfigDict(frozen=True)

    comparison: Comparison
    tolerance: float
    distance: float


class TagRules(BaseModel):
    """Rules on the tags that a tagger tells of a picture: those with `confidence` count.

    One of them must be in `wanted`, if there are any, and none in `excluded`.
    """

    model_config = ConfigDict(frozen=True)

    tagging: Tagging
    confidence: float
    wanted: tuple[str, ...]
    excluded: tuple[str, ...]


class CharacterRules(BaseModel):
    """Rules by which faces and pictures are dropped; `character` says where the files lie that they name."""

    model_config = ConfigDict(frozen=True)

    faces: FaceRules | None
    tags: TagRules | None
    character: Character = Field(exclude=True)


def rules_of(recipe: Recipe, models: CharacterModels) -> CharacterRules | None:
    """Return a recipe's rules; None where it has none. Raises `RunUnusable` for a file that cannot be read."""
    character = recipe.character
    faces, tags = _face_rules(character, models), _tag_rules(recipe, models)
    return CharacterRules(faces=faces, tags=tags, character=character) if faces or tags else None


def _face_rules(character: Character, models: CharacterModels) -> FaceRules | None:
    comparison = _comparison(character, models)
    if comparison is None:
        return None
    distance = character.embedding.distance
    return FaceRules(comparison=comparison, tolerance=character.tolerance, distance=distance)


def _tag_rules(recipe: Recipe, models: CharacterModels) -> TagRules | None:
    tagger = recipe.character.tagger
    if not tagger.model:
        return None
    model, tags = models.tagger_digests(tagger)
    tagging = Tagging(tagger=_identity(model), tags=tags, input=tagger.input)
    wanted, excluded = recipe.character.tags, recipe.exclude.tags
    return TagRules(tagging=tagging, confidence=tagger.confidence, wanted=wanted, excluded=excluded)


def _comparison(character: Character, models: CharacterModels) -> Comparison | None:
    embedding = character.embedding
    by_colours = character.hair or character.eyes or (character.like and character.colours)
    if not by_colours and not embedding.model:
        return None
    return Comparison(
        hair=character.hair,
        eyes=character.eyes,
        colours=character.colours,
        like=_like(character),
        embedding=_identity(models.embedding_digest(embedding)) if embedding.model else None,
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
