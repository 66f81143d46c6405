"""Rules by which two pictures count as one."""

from pydantic import Field

from shared.recipe.section import Section


class Duplicates(Section):
    """Rules by which two pictures are duplicates, of which only the best is kept."""

    bits: int = Field(
        10,
        ge=0,
        le=16,
        description=(
            "0 to 16: duplicates differ in at most this many of the 64 bits of their perceptual hashes; 10 "
            "finds re-encoded, resized and slightly cropped copies, 0 almost only the re-encoded"
        ),
    )
    mirrored: bool = Field(True, description="true: a picture and its mirror image are duplicates as well")
