"""The recipe's section on whether it is the character: all checks are off unless it names what to look for."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from shared.models.catalogue import Purpose
from shared.recipe.board import SEVERAL
from shared.recipe.models import present_model
from shared.recipe.section import Section, StoredFile, present

MOST_FACES = 50
"""Reference faces that a recipe may have: each face that is found is compared with all of them."""

TOLERANCE = 18.0
"""Chosen on 363 drawings of 60 characters of `demo.drawing`: by hair 1.7 % of a character's own faces fall out and 83 %
of the others, by hair and eyes 1.7 % and 95 %. In dim or warm light 4 to 5 % of the own fall out, in an evening's or a
night's half of them."""

DISTANCE = 0.178
"""The difference up to which CCIP's project calls two pictures those of one character, for its model
ccip-caformer-24-randaug-pruned."""

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".avif"})

HexColour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


def reference_files(folder: Path) -> list[Path]:
    """Return the pictures that lie in a folder itself, by name. Raises `OSError`."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())


class Embedding(Section):
    """A model that tells characters apart, such as deepghs' CCIP, as an ONNX file; it compares with `like`."""

    model: str = Field(
        "",
        description=(
            "name of a model (`magritte models`), or path or http(s) address of the ONNX file that makes a vector of a "
            "picture (of CCIP: model_feat.onnx). Empty: none is used"
        ),
    )
    sha256: str = Field(
        "",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the model file, in hexadecimal; another file is refused. Empty: any file is taken",
    )
    distance: float = Field(
        DISTANCE,
        gt=0,
        le=1,
        description=(
            "0 to 1, CCIP's difference of two pictures: a face is dropped as another character if its median "
            "difference from the faces in `like` is larger. Lower: fewer others, more lost"
        ),
    )

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        return present_model(model, Purpose.EMBEDDING, info)


class TaggerInput(StrEnum):
    """Kinds of taggers, by what they take."""

    AUTO = "auto"
    WD = "wd"
    DEEPDANBOORU = "deepdanbooru"


class Tagger(Section):
    """A model that tells a picture's tags, which count as a board's do for `tags` and `exclude.tags`.

    It looks at all pictures in which faces are found, also at those of which a board tells tags.
    """

    model: str = Field(
        "",
        description=(
            "name of a model (`magritte models`), or path or http(s) address of the ONNX file of a WD tagger or of "
            "DeepDanbooru. Empty: none is used"
        ),
    )
    sha256: str = Field(
        "",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the model file, in hexadecimal; another file is refused. Empty: any file is taken",
    )
    tags_file: str = Field(
        "",
        validate_default=True,
        description=(
            "name or path of the list of the model's tags, which lies beside it where it is published: "
            "selected_tags.csv, tags.txt"
        ),
    )
    confidence: float = Field(
        0.5,
        ge=0.05,
        le=1,
        description="0.05 to 1; a tag counts from this confidence of the model on. Higher: fewer tags, fewer wrong",
    )
    input: TaggerInput = Field(
        TaggerInput.AUTO,
        description=(
            "auto (by the size of its pictures: 448 is wd, 512 is deepdanbooru), wd (BGR, 0 to 255) or deepdanbooru "
            "(RGB, 0 to 1)"
        ),
    )

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        return present_model(model, Purpose.TAGGER, info)

    @field_validator("tags_file")
    @classmethod
    def _tags_are_there(cls, tags_file: str, info: ValidationInfo) -> str:
        if info.data.get("model") and not tags_file:
            raise ValueError("tags_file: the model's list of tags is needed, such as selected_tags.csv or tags.txt")
        if tags_file.startswith(("http://", "https://")):
            raise ValueError("fetch this list and write its path: only the model itself can be an address")
        return present_model(tags_file, Purpose.TAG_LIST, info)


class Character(Section):
    """Checks whether it is the character; all are off by default, and a face that fails one is dropped."""

    tags: Annotated[tuple[str, ...], SEVERAL] = Field(
        (),
        description=(
            "tags, such as the character's name, of which a picture must have at least one if its source or `tagger` "
            "tells any; without a tagger, pictures of folders and addresses have none and are kept. Empty: any"
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

    embedding: Embedding = Embedding()
    tagger: Tagger = Tagger()

    @field_validator("embedding")
    @classmethod
    def _has_faces_to_compare_with(cls, embedding: Embedding, info: ValidationInfo) -> Embedding:
        if embedding.model and info.data.get("like", ()) is None:
            raise ValueError("it compares with faces of the character: name a folder with about ten in `like`")
        return embedding

    def check_tags(self, excluded: tuple[str, ...], tells_tags: bool) -> None:
        """Raise ValueError when tags are asked for, or `excluded`, that nobody tells."""
        if (self.tags or excluded) and not tells_tags and not self.tagger.model:
            field = "tags" if self.tags else "exclude.tags"
            raise ValueError(
                f"{field}: no source tells tags: neither `folder` nor `urls` does. Give `character.tagger` a model"
            )

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
