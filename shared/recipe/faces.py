"""Rules for finding faces and cutting them out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from shared.recipe.section import Section, present


class DetectorKind(StrEnum):
    """Kinds of face detectors."""

    ANIMEFACE = "animeface"
    CASCADE = "cascade"


class Animeface(Section):
    """The detector that comes with the PyPI package `animeface`; needs no download."""

    likelihood: float = Field(0.5, ge=0, le=1, description="faces less likely than this are not taken")
    reduce_to: int = Field(900, ge=100, description="pixels of the longer side at which faces are looked for")


class Cascade(Section):
    """OpenCV's cascade classifier, with a model file such as nagadomi's lbpcascade_animeface.xml."""

    model: str = Field("", description="path or http(s) address of the cascade's XML file")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="digest that the model file must have")
    scale_factor: float = Field(1.05, gt=1, le=2, description="detectMultiScale's scaleFactor")
    min_neighbors: int = Field(5, ge=0, description="detectMultiScale's minNeighbors")
    min_size: int = Field(48, ge=1, description="detectMultiScale's minSize, pixels of a square")

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        if not model or model.startswith(("http://", "https://", "sha256:")):
            return model
        return str(present(Path(model), info))


Share = Annotated[float, Field(ge=0, le=4)]


class Expansion(Section):
    """By how much a crop reaches beyond the face, as shares of the face's width (left, right) and height."""

    left: Share = 0.25
    top: Share = 0.45
    right: Share = 0.25
    bottom: Share = 0.05


class TooMany(StrEnum):
    """Rules for a picture with more faces than `at_most`."""

    DROP = "drop"
    KEEP_LARGEST = "keep-largest"


class Edge(StrEnum):
    """Rules for a crop that reaches beyond the picture."""

    CUT = "cut"
    SHIFT = "shift"
    DROP = "drop"


class Faces(Section):
    """Rules for finding faces and cutting them out."""

    detector: DetectorKind = Field(DetectorKind.ANIMEFACE, description="animeface or cascade")
    animeface: Animeface = Animeface()
    cascade: Cascade = Cascade()
    expand: Expansion = Expansion()
    smallest: int = Field(48, ge=1, description="pixels of a face's shorter side below which it is dropped")
    at_most: int = Field(10, ge=1, description="faces in one picture")
    too_many: TooMany = Field(TooMany.DROP, description="a picture with more: drop it, or keep-largest")
    edge: Edge = Field(Edge.SHIFT, description="a crop beyond the picture: cut it, shift it inside, or drop the face")
