"""Limits of the pictures that are taken."""

from enum import StrEnum

from pydantic import Field

from shared.recipe.section import Section


class Monochrome(StrEnum):
    """Rules for black-and-white pages."""

    DROP = "drop"
    KEEP = "keep"


class Pages(StrEnum):
    """Rules for comic pages."""

    DROP = "drop"
    KEEP = "keep"


class Pictures(Section):
    """Limits of the files that the sources give; a picture beyond one of them is dropped."""

    smallest: int = Field(
        64, ge=1, description="pixels; a picture whose shorter side is smaller is dropped: it can hold no face of use"
    )
    elongation: float = Field(
        6.0,
        ge=1,
        description="longer side / shorter side; a picture that is more elongated (a strip, a banner) is dropped",
    )
    megapixels: float = Field(
        80.0,
        gt=0,
        le=170,
        description="millions of pixels; a larger picture is dropped, as it takes 4 MB of memory for each of them",
    )
    megabytes: float = Field(
        64.0,
        gt=0,
        le=1024,
        description="millions of bytes; a larger file is dropped, and of an address no more is read",
    )
    monochrome: Monochrome = Field(
        Monochrome.DROP,
        description=(
            "drop or keep: pictures without colour, such as manga pages; they would teach a network of colour "
            "pictures grey"
        ),
    )
    pages: Pages = Field(
        Pages.KEEP,
        description=(
            "drop or keep: comic pages, coloured ones as well, if straight gutters part them into three panels or more"
        ),
    )
