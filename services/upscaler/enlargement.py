"""Factors by which crops are enlarged."""


def factor(side: int, size: int) -> int:
    """Return the least power of two by which a crop with a longer side of `side` pixels fills `size`.

    1 when it is large enough already. What is too much is taken away by the
    normalizer: enlarging too far and reducing loses less than the reverse.
    """
    result = 1
    while side * result < size:
        result *= 2
    return result
