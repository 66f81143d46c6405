import io

import numpy as np
import pytest

from shared.stylegan2.factorisation import Directions, factorised
from shared.stylegan2.weights import Networks

LAYERS = ("4x4/Conv", "8x8/Conv0_up", "8x8/Conv1", "8x8/ToRGB")


def change(toy: Networks, slots: list[int], step: np.ndarray) -> float:
    """The squared change of the styles of the slots' layers by a step of w."""
    weights = (toy.Gs[f"G_synthesis/{LAYERS[slot]}/mod_weight"] for slot in slots)
    return sum(float(np.square(step @ weight).sum()) for weight in weights)


@pytest.mark.parametrize("slots", [[0, 1, 2, 3], [2], [0, 3]])
def test_each_direction_changes_the_styles_by_its_strength_and_none_more_than_the_first(
    toy: Networks, slots: list[int]
) -> None:
    found = factorised(toy.architecture, toy.Gs, slots)
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(5), atol=1e-5)
    changes = np.array([change(toy, slots, vector) for vector in found.vectors])
    np.testing.assert_allclose(found.strengths, changes / changes.sum(), atol=1e-5)
    assert (np.diff(found.strengths) <= 1e-6).all()
    random = np.random.default_rng(1).standard_normal((200, 5))
    others = [change(toy, slots, step / np.linalg.norm(step)) for step in random]
    assert max(others) <= changes[0] * 1.0001
    assert min(others) >= changes[4] * 0.9999


def test_the_largest_component_of_a_direction_is_positive(toy: Networks) -> None:
    vectors = factorised(toy.architecture, toy.Gs, [0, 1]).vectors
    assert (vectors.max(axis=1) == np.abs(vectors).max(axis=1)).all()


def test_w_moves_in_the_slots_alone(toy: Networks) -> None:
    found = Directions(np.eye(5, dtype=np.float32), np.ones(5, np.float32), (1, 3))
    w = np.ones((4, 5), np.float32)
    expected = np.ones((4, 5))
    expected[[1, 3], 2] = -1.5
    np.testing.assert_array_equal(found.moved(w, 2, -2.5), expected)
    np.testing.assert_array_equal(w, 1)


def test_the_file_has_vectors_strengths_and_slots(toy: Networks) -> None:
    made = factorised(toy.architecture, toy.Gs, [0, 2])
    with np.load(io.BytesIO(made.dump())) as found:
        np.testing.assert_array_equal(found["vectors"], made.vectors)
        np.testing.assert_array_equal(found["strengths"], made.strengths)
        assert found["slots"].tolist() == [0, 2]
