"""How often a crop is doubled."""

from shared.recipe.recipe import Recipe


def factor(side: int, recipe: Recipe) -> int:
    """Return the least power of two by which a crop with a longer side of `side` pixels fills the data set's pictures.

    1 when it is large enough already, or nothing is to be enlarged. What is too much is taken away by the
    normalizer: enlarging too far and reducing loses less than the reverse.
    """
    result = 1
    while recipe.upscaling.enabled and side * result < recipe.normalized.size:
        result *= 2
    return result
