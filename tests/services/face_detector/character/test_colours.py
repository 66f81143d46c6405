import numpy as np
import pytest

from services.face_detector.character.colours import Colour, clusters, difference, distance, lab_of, lab_of_name

PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]
"""Pairs of the paper by Sharma, Wu and Dalal (2005), with their difference for kL = 1."""


@pytest.mark.parametrize(("first", "second", "published"), PUBLISHED)
def test_the_difference_is_that_of_the_published_pairs(
    first: tuple[float, ...], second: tuple[float, ...], published: float
) -> None:
    assert float(difference(np.asarray(first), np.asarray(second), lightness=1)) == pytest.approx(published, abs=5e-5)


def test_a_difference_of_lightness_alone_counts_half_unless_told_otherwise() -> None:
    light, dark = np.asarray([60.0, 10, 10]), np.asarray([40.0, 10, 10])
    assert float(difference(light, dark)) == pytest.approx(float(difference(light, dark, lightness=1)) / 2)


def test_differences_are_told_of_many_colours_at_once() -> None:
    many = lab_of(np.asarray([[[255, 0, 0], [0, 0, 255]]], np.uint8))
    found = difference(many, lab_of_name("#ff0000"))
    assert found.shape == (1, 2)
    assert found[0, 0] == pytest.approx(0, abs=1e-4)
    assert found[0, 1] > 30


@pytest.mark.parametrize(("name", "lab"), [("#ffffff", (100, 0, 0)), ("#000000", (0, 0, 0)), ("#ff0000", (53, 80, 67))])
def test_a_colour_has_the_place_in_cielab_that_it_is_known_to_have(name: str, lab: tuple[float, ...]) -> None:
    assert lab_of_name(name) == pytest.approx(lab, abs=0.5)


def test_a_colour_is_named_as_recipes_write_it() -> None:
    assert Colour.of(lab_of_name("#7a5230"), 1).name == "#7a5230"


def test_pixels_of_two_paints_make_two_clusters_with_their_shares() -> None:
    pixels = np.asarray([[200, 30, 30]] * 30 + [[20, 60, 220]] * 10, np.uint8)
    (most, share), (rest, other) = sorted(clusters(pixels, 4), key=lambda each: -each[1])
    assert (share, other) == (0.75, 0.25)
    assert float(difference(most, lab_of_name("#c81e1e"))) < 1
    assert float(difference(rest, lab_of_name("#143cdc"))) < 1


def test_the_distance_is_that_of_a_quarter_of_the_pixels_to_the_nearest_colour_wanted() -> None:
    red, blue, white = map(lab_of_name, ("#c02020", "#2030c0", "#ffffff"))
    found = [Colour.of(white, 0.7), Colour.of(red, 0.3)]
    assert distance(found, [red]) == pytest.approx(0)
    assert distance(found, [blue, red]) == pytest.approx(0)
    assert distance(found, [blue]) == pytest.approx(min(float(difference(each, blue)) for each in (red, white)))
    assert distance([Colour.of(white, 0.8), Colour.of(red, 0.2)], [red]) == pytest.approx(float(difference(white, red)))
    assert distance([], [red]) is None
