"""Limits of the pictures that are taken."""

from enum import StrEnum

from pydantic import Field

from shared.recipe.section import Section


class Monochrome(StrEnum):
    """Rules for black-and-white pages."""

    DROP = "drop"
    KEEP = "keep"


class Pictures(Section):
    """Limits of the pictures that are taken."""

    smallest: int = Field(64, ge=1, description="pixels of the shorter side below which a picture is dropped")
    elongation: float = Field(6.0, ge=1, description="longer side / shorter side above which it is dropped")
    megapixels: float = Field(80.0, gt=0, le=170, description="millions of pixels above which it is dropped")
    megabytes: float = Field(64.0, gt=0, le=1024, description="millions of bytes above which it is dropped")
    monochrome: Monochrome = Field(Monochrome.DROP, description="black-and-white pages: drop or keep")
