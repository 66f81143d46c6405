"""Rules by which the discriminator ranks the training pictures."""

from pydantic import Field

from shared.recipe.section import Section


class Ranking(Section):
    """Rules for ranking the training pictures by the scores of the trained D."""

    shuffles: int = Field(
        5,
        ge=1,
        le=100,
        description=(
            "1 to 100: times that D scores each picture, each time in a minibatch of other pictures; more: a "
            "steadier mean, more time"
        ),
    )
    sheet: int = Field(
        48,
        ge=1,
        le=400,
        description="1 to 400: pictures on each of the two contact sheets, of the worst and of the best",
    )
