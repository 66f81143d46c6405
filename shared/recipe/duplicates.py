"""Rules by which two pictures count as one."""

from pydantic import Field

from shared.recipe.section import Section


class Duplicates(Section):
    """Rules by which two pictures count as one."""

    bits: int = Field(
        10,
        ge=0,
        le=16,
        description="bits of 64 in which the perceptual hashes of duplicates may differ; 0: none",
    )
    mirrored: bool = Field(True, description="a mirror image is a duplicate too")
