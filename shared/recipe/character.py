"""The recipe's section on whether it is the character: all checks are off unless it names what to look for."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from shared.recipe.board import SEVERAL
from shared.recipe.section import Section, StoredFile, present

MOST_FACES = 50
"""Reference faces that a recipe may have: each face that is found is compared with all of them."""

TOLERANCE = 18.0
"""Chosen on 363 drawings of 60 characters of `demo.drawing`: by hair 1.7 % of a character's own faces fall out and 83 %
of the others, by hair and eyes 1.7 % and 95 %. In dim or warm light 4 to 5 % of the own fall out, in an evening's or a
night's half of them."""

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".avif"})

HexColour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


def reference_files(folder: Path) -> list[Path]:
    """Return the pictures that lie in a folder itself, by name. Raises `OSError`."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())


class Character(Section):
    """Checks whether it is the character; all are off by default, and a face that fails one is dropped."""

    tags: Annotated[tuple[str, ...], SEVERAL] = Field(
        (),
        description=(
            "tags, such as the character's name, of which a picture must have at least one if its source tells any; "
            "pictures of folders and addresses have none and are kept. Empty: any"
        ),
    )
    like: Path | tuple[StoredFile, ...] | None = Field(
        None,
        description=(
            "a folder with about ten pictures of the character, one face each: crops of several artists and lights. "
            "Faces are compared with them: by the colours of hair and eyes, unless `hair` and `eyes` name these"
        ),
    )
    colours: bool = Field(True, description="false: the colours of the faces in `like` do not matter")
    hair: Annotated[tuple[HexColour, ...], SEVERAL] = Field(
        (), description='colours that the hair may have, as in a drawing in plain light: ["#7a5230"]; empty: any'
    )
    eyes: Annotated[tuple[HexColour, ...], SEVERAL] = Field(
        (), description="colours that the eyes may have, likewise; closed eyes are not judged; empty: any"
    )
    tolerance: float = Field(
        TOLERANCE,
        gt=0,
        le=100,
        description=(
            "difference of colours (CIEDE2000, lightness counting half) from which a face is dropped as one of other "
            "colours. Lower: fewer others, more lost; 25 where many pictures have coloured light"
        ),
    )

    def check_tags(self, excluded: tuple[str, ...], tells_tags: bool) -> None:
        """Raise ValueError when tags are asked for, or `excluded`, that nobody tells."""
        if (self.tags or excluded) and not tells_tags:
            field = "tags" if self.tags else "exclude.tags"
            raise ValueError(f"{field}: no source tells tags: neither `folder` nor `urls` does")

    @field_validator("like")
    @classmethod
    def _has_faces(
        cls, like: Path | tuple[StoredFile, ...] | None, info: ValidationInfo
    ) -> Path | tuple[StoredFile, ...] | None:
        if info.context is None or not isinstance(like, Path):
            return like
        folder = present(like, info, "folder")
        try:
            count = len(reference_files(folder))
        except OSError as error:
            raise ValueError(f"{folder} cannot be listed: {error.strerror}") from error
        if not 1 <= count <= MOST_FACES:
            raise ValueError(f"{folder} has {count} pictures: put about ten faces into it, at most {MOST_FACES}")
        return folder
