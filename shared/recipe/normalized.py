"""What the pictures of the data set are like."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shared.recipe.section import Section


def _quoted(value: Any) -> Any:
    if value is None:
        raise ValueError('a colour has to be quoted, as in "#ffffff": # begins a comment in YAML')
    return value


Colour = Annotated[
    str, Field(pattern=r"^#[0-9a-f]{6}$", description="a colour as #rrggbb, lower case"), BeforeValidator(_quoted)
]


PowerOfTwo = Literal[4, 8, 16, 32, 64, 128, 256, 512, 1024]


class Fit(StrEnum):
    """Rules for a face that is smaller than the target."""

    EXACT = "exact"
    SHRINK_ONLY = "shrink-only"


class StoredFormat(StrEnum):
    """Formats in which the pictures of the data set are stored."""

    PNG = "png"
    JPEG = "jpeg"


class Normalized(Section):
    """Properties of the pictures of the data set, which are square and 8-bit sRGB."""

    size: PowerOfTwo = Field(512, description="pixels of each side, a power of two")
    fit: Fit = Field(Fit.EXACT, description="exact: the longer side fills the square; shrink-only: never enlarge")
    pad: Colour | Literal["edge", "reflect"] = Field(
        "#000000", description="around the picture: a colour, edge or reflect"
    )
    background: Colour = Field("#ffffff", description="behind transparent pixels")
    format: StoredFormat = Field(StoredFormat.PNG, description="png or jpeg")
    quality: int = Field(95, ge=1, le=100, description="JPEG quality")
