"""How alike two pictures must be to count as one."""

from pydantic import Field

from shared.recipe.section import Section


class Duplicates(Section):
    """How alike two pictures must be to count as one."""

    bits: int = Field(
        10,
        ge=0,
        le=16,
        description="perceptual hashes that differ in at most so many of 64 bits are duplicates; 0: only equal ones",
    )
    mirrored: bool = Field(True, description="a mirror image is a duplicate too")
