"""Says how far two rankings agree."""

from collections.abc import Mapping

from scipy.stats import spearmanr

_LEAST = 3  # pictures: two agree or do not, by chance


def agreement(one: Mapping[str, int], other: Mapping[str, int]) -> float | None:
    """Return Spearman's correlation of the ranks of those pictures that both rankings have, by name.

    1 is the same order, 0 chance, -1 the reverse; None of fewer than three pictures.
    """
    names = sorted(one.keys() & other.keys())
    if len(names) < _LEAST:
        return None
    return float(spearmanr([one[name] for name in names], [other[name] for name in names]).statistic)
