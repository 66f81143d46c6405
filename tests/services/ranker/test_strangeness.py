import numpy as np
import pytest

from services.ranker.looks import decoded, encoded
from services.ranker.strangeness import NETWORK, Strangeness, deviations, neighbour_distances, strangeness
from tests.services.ranker.faces import face

OWN = [face(f"own {number}") for number in range(30)]


def worst_first(pictures: list[np.ndarray]) -> list[int]:
    return np.argsort(-measured(pictures).total, kind="stable").tolist()


def measured(pictures: list[np.ndarray]) -> Strangeness:
    return strangeness(decoded(map(encoded, pictures)))


def test_strangers_are_the_strangest() -> None:
    strangers = [face(f"stranger {number}", stranger=True) for number in range(3)]
    assert set(worst_first([*OWN, *strangers])[:3]) == {30, 31, 32}


@pytest.mark.parametrize(("features", "alter"), [({"tones"}, "grey"), ({"sharpness", "grain"}, "noisy")])
def test_an_altered_face_is_the_strangest_by_what_was_altered(features: set[str], alter: str) -> None:
    plain = face("altered").astype(np.float64)
    noise = np.random.default_rng(1).normal(0, 25, plain.shape)
    altered = np.repeat(plain.mean(axis=2, keepdims=True), 3, axis=2) if alter == "grey" else plain + noise
    found = measured([*OWN, np.clip(altered, 0, 255).astype(np.uint8)])
    assert int(found.total.argmax()) == 30
    assert found.mostly(30) in features


def test_a_face_that_a_network_sees_in_another_direction_is_strange_by_it() -> None:
    directions = np.random.default_rng(2).normal([1, 0, 0, 0], 0.1, (30, 4))
    directions[7] = [0, 1, 0, 0]
    looks = decoded(map(encoded, OWN))
    found = strangeness(looks, directions.astype(np.float32))
    assert int(found.parts[NETWORK].argmax()) == int(found.total.argmax()) == 7
    longer = directions * np.arange(1, 31)[:, None]
    assert np.allclose(strangeness(looks, longer.astype(np.float32)).total, found.total, atol=1e-3)


def test_shape_colours_and_network_add_up_and_of_the_rest_the_strangest_counts() -> None:
    usual = dict.fromkeys(("shape", "colours", "sharpness", "tones", "grain", NETWORK), -1.0)
    cases = ({}, {"shape": 3.0, "colours": 4.0}, {"shape": 3.0, "grain": 4.0}, {"colours": 2.0, NETWORK: 2.0})
    parts = {name: np.array([case.get(name, value) for case in cases]) for name, value in usual.items()}
    assert Strangeness(parts).total.tolist() == pytest.approx([-1, 5, 4, 8**0.5])


def test_near_copies_of_a_stranger_do_not_make_one_another_look_familiar() -> None:
    own = [*OWN, *(face(f"own {number}") for number in range(30, 60))]
    stranger = face("stranger 1", stranger=True)
    copies = [np.roll(stranger, number, axis=1) for number in range(6)]
    assert set(worst_first([*own, *copies])[:6]) == set(range(60, 66))
    colours = decoded(map(encoded, [*own, *copies])).colours
    assert neighbour_distances(colours, share=len(colours))[60:].max() < np.median(neighbour_distances(colours)[:60])


def test_distances_are_those_of_all_pairs() -> None:
    rows = np.random.default_rng(0).normal(3, 1, (300, 5)).astype(np.float32)
    apart = np.sort(np.linalg.norm(rows[:, None].astype(np.float64) - rows, axis=2), axis=1)
    assert np.allclose(neighbour_distances(rows), apart[:, 1:61].mean(axis=1), atol=1e-4)
    assert np.allclose(
        neighbour_distances(rows[:20]), np.sort(_apart(rows[:20]), axis=1)[:, 1:6].mean(axis=1), atol=1e-4
    )


def _apart(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows[:, None].astype(np.float64) - rows, axis=2)


def test_a_deviation_is_that_of_the_feature_that_is_farthest_off() -> None:
    rows = np.array([[0, 5], [1, 5], [2, 5], [3, 6], [4, 5]], np.float32)
    assert deviations(rows).tolist() == pytest.approx([2, 1, 0, 50, 2], rel=1e-4)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_equal_faces_and_single_ones_are_not_strange(count: int) -> None:
    found = measured([face("a")] * count)
    assert found.total.shape == (count,)
    assert np.abs(list(found.parts.values())).max() < 1e-6
