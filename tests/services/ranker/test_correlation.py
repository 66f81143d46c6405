import pytest

from services.ranker.correlation import agreement

ORDER = {"a": 1, "b": 2, "c": 3, "d": 4}


def test_the_same_order_is_one_and_the_reverse_minus_one() -> None:
    assert agreement(ORDER, {name: rank * 10 for name, rank in ORDER.items()}) == pytest.approx(1)
    assert agreement(ORDER, {name: -rank for name, rank in ORDER.items()}) == pytest.approx(-1)


def test_it_is_spearmans_formula() -> None:
    other = {"a": 2, "b": 1, "c": 3, "d": 4}
    differences = sum((ORDER[name] - other[name]) ** 2 for name in ORDER)
    assert agreement(ORDER, other) == pytest.approx(1 - 6 * differences / (4 * (16 - 1)))


def test_only_pictures_of_both_rankings_count() -> None:
    assert agreement(ORDER | {"x": 5}, {"y": 0, "c": 1, "b": 2, "a": 3}) == pytest.approx(-1)
    assert agreement(ORDER, {"a": 1, "b": 2, "x": 3}) is None
