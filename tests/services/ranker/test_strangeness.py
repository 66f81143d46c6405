import numpy as np
import pytest

from services.ranker.looks import decoded, encoded
from services.ranker.strangeness import FEATURES, deviations, neighbour_distances, strangeness
from tests.services.ranker.faces import face

OWN = [face(f"own {number}") for number in range(30)]


def worst_first(pictures: list[np.ndarray]) -> list[int]:
    scores = strangeness(decoded(map(encoded, pictures))).max(axis=1)
    return np.argsort(-scores, kind="stable").tolist()


def test_strangers_are_the_strangest() -> None:
    strangers = [face(f"stranger {number}", stranger=True) for number in range(3)]
    assert set(worst_first([*OWN, *strangers])[:3]) == {30, 31, 32}


@pytest.mark.parametrize(("feature", "alter"), [("tones", "grey"), ("sharpness", "noisy")])
def test_an_altered_face_is_the_strangest_by_what_was_altered(feature: str, alter: str) -> None:
    plain = face("altered").astype(np.float64)
    noise = np.random.default_rng(1).normal(0, 25, plain.shape)
    altered = np.repeat(plain.mean(axis=2, keepdims=True), 3, axis=2) if alter == "grey" else plain + noise
    scores = strangeness(decoded(map(encoded, [*OWN, np.clip(altered, 0, 255).astype(np.uint8)])))
    assert int(scores.max(axis=1).argmax()) == 30
    assert FEATURES[int(scores[30].argmax())] == feature


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
    scores = strangeness(decoded([encoded(face("a"))] * count))
    assert scores.shape == (count, len(FEATURES))
    assert np.abs(scores).max() < 1e-6
