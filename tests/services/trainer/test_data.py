import numpy as np
import pytest

from services.trainer.data import fixed_latents, indices


def test_every_epoch_shows_every_picture_once() -> None:
    sequence = indices(pictures=7, seed=1, position=0, count=28).reshape(4, 7)
    assert np.array_equal(np.sort(sequence, axis=1), np.tile(np.arange(7), (4, 1)))


def test_epochs_have_orders_of_their_own() -> None:
    sequence = indices(pictures=50, seed=1, position=0, count=100)
    assert not np.array_equal(sequence[:50], sequence[50:])


def test_seeds_have_orders_of_their_own() -> None:
    assert not np.array_equal(indices(50, 1, 0, 50), indices(50, 2, 0, 50))


@pytest.mark.parametrize("position", [0, 5, 9, 10, 11, 64])
def test_the_sequence_is_the_same_wherever_it_is_entered(position: int) -> None:
    assert np.array_equal(indices(10, 3, position, 12), indices(10, 3, 0, 200)[position : position + 12])


def test_a_minibatch_larger_than_the_data_set_shows_pictures_again() -> None:
    assert np.bincount(indices(3, 0, 0, 9)).tolist() == [3, 3, 3]


def test_latents_are_normal_and_follow_from_the_seed() -> None:
    z = fixed_latents(seed=4, count=500, size=64)
    assert z.shape == (500, 64)
    assert np.array_equal(z, fixed_latents(4, 500, 64))
    assert abs(z.mean()) < 0.02
    assert abs(z.std() - 1) < 0.02
