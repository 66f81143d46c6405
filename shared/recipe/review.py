"""The recipe's section on a review by a person."""

from pydantic import Field

from shared.recipe.section import Section


class Review(Section):
    """A person's approval of the pictures before they are packed into a data set."""

    required: bool = Field(
        default=False,
        description=(
            "true: nothing is packed until a person has looked at the faces (`magritte review export RUN`) and "
            "said so by `magritte review close RUN`"
        ),
    )
