from pathlib import Path

import numpy as np
import pytest
import typer

from services.magritte.networks.options import named_as, one_hot_class, parse_seeds, parse_slots


def test_seeds_are_numbers_and_ranges() -> None:
    assert parse_seeds("0-3, 7,5-5") == [0, 1, 2, 3, 7, 5]


@pytest.mark.parametrize("text", ["", "a", "3-", "5-2", "0-10000", "-1"])
def test_other_seeds_are_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_seeds(text)


def test_slots_are_sorted_and_each_is_there_once() -> None:
    assert parse_slots("3,0-2,2", 4, "--styles") == [0, 1, 2, 3]


def test_a_slot_that_the_network_does_not_have_is_wrong_usage() -> None:
    with pytest.raises(typer.BadParameter, match="4 slots of w, from 0 to 3"):
        parse_slots("0-4", 4, "--styles")


def test_a_class_becomes_a_row_with_a_one() -> None:
    np.testing.assert_array_equal(one_hot_class(1, 3), [[0, 1, 0]])
    assert one_hot_class(None, 0) is None


@pytest.mark.parametrize(
    ("label", "classes", "text"), [(0, 0, "knows none"), (None, 2, "from 0 to 1"), (2, 2, "from 0 to 1")]
)
def test_a_class_that_does_not_fit_is_wrong_usage(label: int | None, classes: int, text: str) -> None:
    with pytest.raises(typer.BadParameter, match=text):
        one_hot_class(label, classes)


def test_a_file_of_another_kind_is_refused_with_those_that_are_taken() -> None:
    check = named_as(".mp4", ".webp")
    assert check(Path("a.MP4")) == Path("a.MP4")
    assert check(None) is None
    with pytest.raises(typer.BadParameter, match=r"a.gif must be named as one of these is: \*.mp4, \*.webp"):
        check(Path("a.gif"))
