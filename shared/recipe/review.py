"""Whether a person looks at the pictures before they are packed."""

from pydantic import Field

from shared.recipe.section import Section


class Review(Section):
    """A person's look at what is going to be in the data set."""

    required: bool = Field(
        default=False, description="pack nothing until `magritte verdict close RUN` says that somebody has looked"
    )
