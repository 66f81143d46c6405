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
    """Settings of the detector of the PyPI package `animeface`, which needs no model file."""

    likelihood: float = Field(
        0.5,
        ge=0,
        le=1,
        description=(
            "0 to 1; a detection that animeface thinks less likely to be a face is ignored. Higher: fewer wrong"
            " faces, more missed ones"
        ),
    )
    reduce_to: int = Field(
        900,
        ge=100,
        description=(
            "pixels; pictures are searched at this size of their longer side. Larger: smaller faces are found, "
            "more time is taken"
        ),
    )


class Cascade(Section):
    """Settings of OpenCV's cascade classifier, for a model file such as nagadomi's lbpcascade_animeface.xml."""

    model: str = Field(
        "", description="path or http(s) address of the cascade's XML file; needed if `detector` is cascade"
    )
    sha256: str = Field(
        "",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the model file, in hexadecimal; another file is refused. Empty: any file is taken",
    )
    scale_factor: float = Field(
        1.05,
        gt=1,
        le=2,
        description=(
            "scaleFactor of OpenCV's detectMultiScale: ratio of the sizes that are searched. Closer to 1: more "
            "faces, more time"
        ),
    )
    min_neighbors: int = Field(
        5,
        ge=0,
        description=(
            "minNeighbors of detectMultiScale: overlapping detections that make a face. Higher: fewer wrong faces"
        ),
    )
    min_size: int = Field(48, ge=1, description="minSize of detectMultiScale, pixels: smaller faces are not looked for")

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        if not model or model.startswith(("http://", "https://", "sha256:")):
            return model
        return str(present(Path(model), info))


Share = Annotated[float, Field(ge=0, le=4)]


class Expansion(Section):
    """Margins of a crop around the face, 0 to 4, as shares of the face's width (left, right) or height."""

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
    """Rules for finding faces and for the crops that are cut out of the pictures."""

    detector: DetectorKind = Field(
        DetectorKind.ANIMEFACE,
        description="animeface or cascade: the detector that is used, with the settings of its section below",
    )
    animeface: Animeface = Animeface()
    cascade: Cascade = Cascade()
    expand: Expansion = Expansion()
    smallest: int = Field(
        48, ge=1, description="pixels; a face whose shorter side is smaller is dropped, before its crop is expanded"
    )
    at_most: int = Field(
        10,
        ge=1,
        description="most faces that a picture may have; `too_many` says what is done with a picture that has more",
    )
    too_many: TooMany = Field(
        TooMany.DROP, description="drop (the whole picture) or keep-largest (of its faces the `at_most` largest)"
    )
    edge: Edge = Field(
        Edge.SHIFT,
        description=(
            "a crop that reaches beyond the picture: cut (take what there is), shift (move it inside) or drop "
            "(the face)"
        ),
    )
