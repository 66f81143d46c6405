"""The recipe of a character: sources, filters, sizes, training. One YAML file, read by `shared.recipe.file`.

Every field has a default but the name and the sources. Field descriptions are shown by `magritte recipe example`
and in errors.
"""

import hashlib
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from shared.recipe.augmented import Augmented
from shared.recipe.background import Background
from shared.recipe.character import Character
from shared.recipe.duplicates import Duplicates
from shared.recipe.exclude import Exclude, read_exclude
from shared.recipe.faces import Faces
from shared.recipe.labels import Labels
from shared.recipe.normalized import Normalized
from shared.recipe.pictures import Pictures
from shared.recipe.pruning import Pruning, Worst
from shared.recipe.ranking import Ranking
from shared.recipe.review import Review
from shared.recipe.section import Section
from shared.recipe.sources import FolderSource, Source, tells_tags
from shared.recipe.train_on import TrainOn
from shared.recipe.training import ResolvedTraining, Training
from shared.recipe.upscaling import Upscaling


class Recipe(Section):
    """One character's recipe."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,59}$",
        description="name of the character, in lower-case letters, digits and hyphens; runs are named after it",
    )
    sources: tuple[Source, ...] = Field(description="the folders, addresses and boards that the pictures come from")
    exclude: Exclude = Exclude()
    pictures: Pictures = Pictures()
    duplicates: Duplicates = Duplicates()
    faces: Faces = Faces()
    character: Character = Character()
    upscaling: Upscaling = Upscaling()
    normalized: Normalized = Normalized()
    background: Background = Background()
    labels: Labels = Labels()
    augmented: Augmented = Augmented()
    review: Review = Review()
    training: Training = Training()
    ranking: Ranking = Ranking()
    pruning: Pruning = Pruning()
    train_on: TrainOn = TrainOn()

    @field_validator("sources", mode="before")
    @classmethod
    def _is_a_list(cls, sources: Any) -> Any:
        if isinstance(sources, dict | str):
            raise ValueError("write a list, such as `- folder: ./pictures`")
        return sources

    @field_validator("sources")  # and no min_length: pydantic would count only those sources that are fine
    @classmethod
    def _some(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        if not sources:
            raise ValueError("at least one is needed, such as `- folder: ./pictures`")
        return sources

    @field_validator("exclude", mode="before")
    @classmethod
    def _lists_of_a_file(cls, exclude: Any, info: ValidationInfo) -> Any:
        return read_exclude(exclude, info)

    @field_validator("labels")
    @classmethod
    def _fit_the_sources(cls, labels: Labels, info: ValidationInfo) -> Labels:
        if info.context is not None and "sources" in info.data:  # checked when read from a file
            sources = info.data["sources"]
            folders = [source.folder for source in sources if isinstance(source, FolderSource)]
            character = info.data.get("character", Character())
            labels.check_sources(folders, bool(character.tagger.model) or any(map(tells_tags, sources)))
        return labels

    @field_validator("character")
    @classmethod
    def _can_be_told(cls, character: Character, info: ValidationInfo) -> Character:
        if info.context is not None and {"sources", "exclude"} <= info.data.keys():
            character.check_tags(info.data["exclude"].tags, any(map(tells_tags, info.data["sources"])))
        return character

    @field_validator("background")
    @classmethod
    def _can_be_filled(cls, background: Background, info: ValidationInfo) -> Background:
        if info.context is not None and "normalized" in info.data:
            background.check_pad(info.data["normalized"].pad)
        return background

    @field_validator("pruning")
    @classmethod
    def _has_two_rankings(cls, pruning: Pruning, info: ValidationInfo) -> Pruning:
        drops = info.context is not None and pruning.worst is Worst.DROP
        if drops and not info.data.get("ranking", Ranking(at_kimg=(1.0,))).at_kimg:
            raise ValueError(
                "`worst: drop` compares two rankings of a training: name kimg in ranking.at_kimg, such as [10, 20]"
            )
        return pruning

    @property
    def resolved_training(self) -> ResolvedTraining:
        """The training's settings with all numbers, for pictures of this recipe's size."""
        return self.training.resolved(self.normalized.size)

    @property
    def digest(self) -> str:
        """SHA-256 of the whole recipe: the same digest asks for the same work."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
