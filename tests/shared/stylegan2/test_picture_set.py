import numpy as np

from shared.stylegan2.picture_set import Selection, chunks, spread

PICTURES = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)


def test_a_selection_has_its_own_order() -> None:
    some = Selection(PICTURES, np.array([7, 2, 9]))
    assert len(some) == 3
    assert some[np.array([2, 0])].ravel().tolist() == [9, 7]


def test_chunks_hold_every_picture_once_in_order() -> None:
    assert [chunk.ravel().tolist() for chunk in chunks(PICTURES, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_few_are_spread_over_the_set() -> None:
    assert spread(PICTURES, 3).indices.tolist() == [0, 3, 6]
    assert spread(PICTURES, 99).indices.tolist() == list(range(10))
