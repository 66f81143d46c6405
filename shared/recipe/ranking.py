"""Rules by which the training pictures are ranked."""

from pydantic import Field, NonNegativeFloat

from shared.recipe.section import Section


class Ranking(Section):
    """Rules for ranking the training pictures, by the scores of the trained D and by how strange each is."""

    at_kimg: tuple[NonNegativeFloat, ...] = Field(
        (),
        description=(
            "kimg of the training at which the snapshot of that leg is ranked too, such as [10, 20]; the last snapshot "
            "always is"
        ),
    )

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
        description="1 to 400: pictures on each contact sheet: the worst, the strangest, the best, the most uncertain",
    )
    fakes: int = Field(
        100,
        ge=0,
        le=10_000,
        description="0 to 10000: pictures that the network draws, of which the best and worst are shown; 0: none",
    )
