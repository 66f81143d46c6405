"""Rules by which two pictures count as one."""

from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from shared.recipe.section import Section


class Variants(StrEnum):
    """Rules for drawings of one pose that differ in a small part."""

    MERGE = "merge"
    KEEP = "keep"


class Duplicates(Section):
    """Rules by which two pictures are duplicates, of which only the best is kept."""

    strictness: int = Field(
        50,
        ge=0,
        le=100,
        description=(
            "0 to 100: how much of two pictures, laid over each other, must be the same. 50 finds crops, borders, "
            "bubbles and retouched copies; higher: fewer pictures are lost; 100: exact copies alone are found"
        ),
    )
    variants: Variants = Field(
        Variants.MERGE,
        description=(
            "merge or keep: drawings of one pose that differ in eyes, mouth or another small part are duplicates, or "
            "all of them are kept; copies with captions or watermarks are kept as well then"
        ),
    )
    faces: bool = Field(
        True,
        description=(
            "true: once all pictures are settled, faces that are ready for the data set are compared as well, and the "
            "best of copies is kept: those that a border, a collage or a large crop hid"
        ),
    )
    mirrored: bool = Field(True, description="true: a picture and its mirror image are duplicates as well")

    @model_validator(mode="before")
    @classmethod
    def _strictness_of_bits(cls, section: Any) -> Any:
        """Read `bits` of recipes of before 2026-11-28: 0 to 16 bits of perceptual hashes in which copies may differ."""
        if not isinstance(section, dict) or "bits" not in section or "strictness" in section:
            return section
        bits = section["bits"]
        if isinstance(bits, bool) or not isinstance(bits, int) or not 0 <= bits <= 16:
            raise ValueError("bits should be a whole number from 0 to 16; `strictness` has taken its place")
        return {**{name: value for name, value in section.items() if name != "bits"}, "strictness": 100 - 5 * bits}
