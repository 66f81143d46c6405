"""The recipe's section on the pictures of the data set."""

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
    """Rules by which a crop is brought to the square."""

    EXACT = "exact"
    COVER = "cover"
    SHRINK_ONLY = "shrink-only"


class StoredFormat(StrEnum):
    """Formats in which the pictures of the data set are stored."""

    PNG = "png"
    JPEG = "jpeg"


class Normalized(Section):
    """Size and form of the pictures of the data set, which are square and 8-bit sRGB."""

    size: PowerOfTwo = Field(
        512,
        description=(
            "pixels of each side of the pictures, a power of two from 4 to 1024; also the resolution of the network"
        ),
    )
    fit: Fit = Field(
        Fit.EXACT,
        description=(
            "exact (the longer side of the crop fills the square), cover (the shorter side does; what reaches beyond "
            "is cut off) or shrink-only (a crop that is smaller is padded, not enlarged)"
        ),
    )
    pad: Colour | Literal["edge", "reflect", "blur"] = Field(
        "#000000",
        description=(
            "filling beside a crop that is not square: a colour, edge (repeat the outermost pixels), reflect "
            "(mirror the crop) or blur (the crop itself, enlarged and blurred)"
        ),
    )
    background: Colour = Field("#ffffff", description="colour that transparent pixels are laid on")
    format: StoredFormat = Field(
        StoredFormat.PNG,
        description="png (lossless) or jpeg (smaller; its artefacts are learnt as well): of the pictures in the store",
    )
    quality: int = Field(95, ge=1, le=100, description="1 to 100: quality of JPEG; without effect on PNG")
