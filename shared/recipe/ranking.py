"""Rules by which the discriminator ranks the training pictures."""

from pydantic import Field

from shared.recipe.section import Section


class Ranking(Section):
    """Rules by which the discriminator ranks the training pictures."""

    shuffles: int = Field(5, ge=1, le=100, description="times that every picture is scored, in other company")
    sheet: int = Field(48, ge=1, le=400, description="pictures on each of the sheets of the worst and the best")
