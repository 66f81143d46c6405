"""The recipe's section on classes of pictures."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from shared.recipe.section import Section

OTHER = "other"
"""The class of pictures that are of none."""


class Unlabelled(StrEnum):
    """Rules for a picture that is of no class."""

    OTHER = "other"
    DROP = "drop"


class Labels(Section):
    """Classes of a conditional network, by folders or by tags; with neither the network has no classes."""

    folders: bool = Field(False, description="true: the names of the sub-folders of the folder sources are the classes")
    tags: tuple[str, ...] = Field(
        (),
        description=(
            "names of classes; a picture is of the first of them that its source gives it as a tag, or else "
            "`character.tagger`"
        ),
    )
    unlabelled: Unlabelled = Field(
        Unlabelled.OTHER, description="drop or other: a picture of no class is dropped, or is of a class named other"
    )

    @property
    def requested(self) -> bool:
        """Return whether there are classes at all."""
        return self.folders or bool(self.tags)

    @field_validator("tags")
    @classmethod
    def _are_classes(cls, tags: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if tags and info.data.get("folders"):
            raise ValueError("classes are told by folders or by tags: leave one of them out")
        if "" in tags or len(set(tags)) < len(tags):
            raise ValueError("each tag is a class: name none twice, and none by an empty text")
        return tags

    @field_validator("unlabelled")
    @classmethod
    def _leaves_two_classes(cls, unlabelled: Unlabelled, info: ValidationInfo) -> Unlabelled:
        folders, tags = info.data.get("folders", True), info.data.get("tags", ())
        if unlabelled is Unlabelled.DROP and not folders and len(tags) < 2:
            raise ValueError("without two classes there is nothing to drop by: set `folders: true` or name `tags`")
        return unlabelled

    def check_sources(self, folders: list[Path], tells_tags: bool) -> None:
        """Raise ValueError when the sources, as they are now, cannot lead to two classes.

        `folders` are those of all folder sources; `tells_tags` is whether any source, or a tagger, tells tags.
        """
        if self.tags and not tells_tags:
            raise ValueError("no source tells tags: neither `folder` nor `urls` does. Use `folders: true`")
        least = 1 if self.unlabelled is Unlabelled.OTHER else 2
        if self.folders and len(names := _sub_folders(folders)) < least:
            raise ValueError(
                f"folders: the folder sources have {len(names)} sub-folder(s), {least} or more are needed: "
                "sort the pictures into one for each class"
            )


def _sub_folders(folders: list[Path]) -> set[str]:
    """Return the names of folders in these folders that the scraper looks into: neither links nor hidden ones."""
    try:
        found = {path for folder in folders for path in folder.iterdir() if path.is_dir() and not path.is_symlink()}
    except OSError as error:
        raise ValueError(f"folders: {error.filename} cannot be listed: {error.strerror}") from error
    return {path.name for path in found if not path.name.startswith(".")}
