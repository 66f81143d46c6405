"""The recipe's section on the pictures at the end of the ranking."""

from enum import StrEnum

from pydantic import Field

from shared.recipe.section import Section


class Worst(StrEnum):
    """Decisions about the worst share of a ranking."""

    PROPOSE = "propose"
    DROP = "drop"


class Pruning(Section):
    """The worst pictures of each ranking: left to a person, or dropped so that training goes on without them."""

    worst: Worst = Field(
        Worst.PROPOSE,
        description=(
            "propose: a person decides (`magritte prune`); drop: those that this ranking and the one before of the "
            "same training both have among their worst leave the data set, and training goes on"
        ),
    )
    share: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="0 to 0.5: share of the pictures that are proposed or, at most, dropped in a round",
    )
    rounds: int = Field(3, ge=1, le=100, description="1 to 100: prunes of a run at most, with `worst: drop`")
    floor: int = Field(
        50, ge=1, description="pictures that the data set keeps in any case, with `worst: drop`: fewer are not left"
    )
