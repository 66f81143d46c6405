"""Rules for finding faces and cutting them out."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, ValidationInfo, model_validator

from shared.recipe.detectors import Animeface, Cascade, DetectorKind, LibFaceDetection, Onnx, Vote
from shared.recipe.section import Section

Share = Annotated[float, Field(ge=0, le=4)]


class Expansion(Section):
    """Margins of a crop, 0 to 4, as shares of the face's width (left, right) or height; or `expand: ponytail`."""

    left: Share = 0.25
    top: Share = 0.45
    right: Share = 0.25
    bottom: Share = 0.05


class PictureExpansion(StrEnum):
    """Rules that take a crop's edges from where the face lies in the picture."""

    PONYTAIL = "ponytail"
    """From 0.85 times the x of the face's left edge to 1.5 of its widths, from 0.1 times the y of its top to its chin:
    nearly all that is above the face, and hair to its right."""


def _kind_of_expansion(given: Any) -> str:
    """Return the class of a recipe's `expand`, by whose name errors find its fields."""
    return (PictureExpansion if isinstance(given, str) else Expansion).__name__


class Preset(StrEnum):
    """Sets of defaults for the fields of faces, by name."""

    HAND_MADE = "hand-made"


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

    preset: Preset | None = Field(
        None,
        description=(
            "hand-made: the way that people crop faces with scripts: lbpcascade_animeface alone, on the whole picture, "
            "with min_size: 250, edge: cut and expand: ponytail, a crop from 0.85 x of the face's left edge and 0.1 y "
            "of its top to 1.5 of its widths and its chin. What the recipe sets beside it goes before. null: none"
        ),
    )
    detector: DetectorKind = Field(
        DetectorKind.VOTE,
        description=(
            "vote (of all that are there), animeface, cascade, libfacedetection or onnx: the detector that is used, "
            "with the settings of its section below"
        ),
    )
    vote: Vote = Vote()
    animeface: Animeface = Animeface()
    cascade: Cascade = Cascade()
    libfacedetection: LibFaceDetection = LibFaceDetection()
    onnx: Onnx = Onnx()
    upright: bool = Field(
        False,
        description=(
            "true: tilted heads are set upright. The crop of a face whose eyes are not level is turned until they are "
            "(beyond the picture it is filled with its mirror image), and a picture in which no face is found is "
            "searched again, turned by 40 degrees to either side. Takes two thirds more time"
        ),
    )
    expand: Annotated[
        Annotated[Expansion, Tag(Expansion.__name__)] | Annotated[PictureExpansion, Tag(PictureExpansion.__name__)],
        Discriminator(_kind_of_expansion),
    ] = Expansion()
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

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        """Put a preset's values under those that are given; what is wrong with either is found afterwards."""
        name = given.get("preset") if isinstance(given, dict) else None
        return _under(PRESETS.get(str(name), {}), given) if name is not None else given

    @model_validator(mode="after")
    def _models_are_named(self, info: ValidationInfo) -> "Faces":
        """Refuse, in a recipe from a file, a detector without its model, and an address without a digest."""
        for name, section in (("cascade", self.cascade), ("onnx", self.onnx)) if info.context is not None else ():
            if self.detector == name and not section.model:
                raise ValueError(f"`detector: {name}` needs `{name}.model`: a name, a path or an address of a model")
            if section.model.startswith(("http://", "https://")) and not section.sha256:
                raise ValueError(f"`{name}.sha256` is needed: a model at an address has to have that digest")
        return self


def _under(preset: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return `given` with what it lacks from `preset`, also in the sections that both have."""
    both = {name: _under(preset[name], given[name]) for name in preset if _are_sections(preset[name], given.get(name))}
    return preset | given | both


def _are_sections(*values: Any) -> bool:
    return all(isinstance(value, dict) for value in values)


PRESETS: dict[str, dict[str, Any]] = {
    Preset.HAND_MADE: {
        "detector": DetectorKind.CASCADE,
        "cascade": {
            "model": "lbpcascade_animeface",
            "reduce_to": None,
            "scale_factor": 1.05,
            "min_neighbors": 5,
            "min_size": 250,
        },
        "expand": PictureExpansion.PONYTAIL,
        "edge": Edge.CUT,
    }
}
"""Values of each preset. Those of `hand-made` are the calls of the scripts that people crop faces with by hand."""
