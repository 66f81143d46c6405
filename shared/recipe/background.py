"""The recipe's section on what lies behind the faces: a model can take it away; without one it stays."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from shared.models.catalogue import Purpose
from shared.recipe.models import present_model
from shared.recipe.normalized import Colour
from shared.recipe.section import Section

Channels = tuple[float, float, float]
"""A number for red, green and blue each."""

Deviations = tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]


class MatteInput(StrEnum):
    """Kinds of models that separate figure and background, by what they take."""

    AUTO = "auto"
    ISNET = "isnet"
    U2NET = "u2net"
    ANIME_SEG = "anime-seg"


class WithoutFigure(StrEnum):
    """Rules for a face on whose crop the model sees no figure."""

    DROP = "drop"
    KEEP = "keep"


class Background(Section):
    """Removal of what lies behind the faces, by a model that tells figure from background; off without one."""

    model: str = Field(
        "",
        description=(
            "name of a model (`magritte models`), or path or http(s) address of an ONNX file that gives a matte, as "
            "those of rembg do: isnet-anime for drawings. Empty: backgrounds stay"
        ),
    )
    sha256: str = Field(
        "",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the model file, in hexadecimal; another file is refused. Empty: any file is taken",
    )
    fill: Colour | Literal["pad", "blur"] = Field(
        "pad",
        description=(
            "instead of the background: pad (as `normalized.pad` fills beside the crop, a colour or blur), a colour, "
            "or blur (the background itself, without its lines)"
        ),
    )
    input: MatteInput = Field(
        MatteInput.AUTO,
        description=(
            "auto (by the size of its pictures: 1024 is isnet, 320 is u2net), isnet, u2net (both as rembg feeds them) "
            "or anime-seg (SkyTNT's own isnetis.onnx: the aspect is kept, values 0 to 1)"
        ),
    )
    side: int | None = Field(
        None,
        ge=32,
        le=4096,
        description="pixels of the model's pictures, for a model that takes any; null: as `input` has it",
    )
    mean: Channels | None = Field(
        None, description="mean of red, green and blue, 0 to 1, that is taken from pictures; null: as `input` has it"
    )
    deviation: Deviations | None = Field(None, description="what they are divided by then; null: as `input` has it")
    smallest: float = Field(
        0.05,
        ge=0,
        le=1,
        description="0 to 1; a figure that covers less of a crop is none, and the model has not understood the picture",
    )
    without_figure: WithoutFigure = Field(
        WithoutFigure.DROP,
        description=(
            "drop (a face without a figure; `magritte sheet --reason no-figure` shows them) or keep (with its "
            "background, among faces that have none)"
        ),
    )

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        return present_model(model, Purpose.MATTE, info)

    @model_validator(mode="after")
    def _address_has_a_digest(self, info: ValidationInfo) -> "Background":
        is_address = self.model.startswith(("http://", "https://"))
        if info.context is not None and is_address and not self.sha256:
            raise ValueError("`sha256` is needed: a model at an address has to have that digest")
        return self

    def check_pad(self, pad: str) -> None:
        """Raise ValueError when the background is to be filled as `normalized.pad`, and that goes on with the crop."""
        if self.model and self.fill == "pad" and pad in ("edge", "reflect"):
            raise ValueError(
                f"`fill: pad` means normalized.pad, and `{pad}` goes on with what is there: write a colour or blur"
            )
