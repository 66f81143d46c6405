import numpy as np
import pytest

from services.trainer.data import classes_in_turn, split
from services.trainer.dataset import Dataset, Split
from services.trainer.learning.device import DevicePictures

PICTURES = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
LABELS = np.eye(2, dtype=np.float32)[np.arange(40) % 2]
CHECKSUMS = [int(value) for value in np.random.default_rng(0).integers(0, 2**32, 40)]


def shown(pictures: np.ndarray) -> list[int]:
    return sorted(set(pictures.reshape(-1).tolist()))


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(PICTURES, LABELS, Split.of(CHECKSUMS, 0.2), seed=1)


def test_what_is_held_out_is_never_trained_on(dataset: Dataset) -> None:
    seen, held_out = split(CHECKSUMS, 0.2)
    assert len(held_out) == 10
    assert shown(dataset.minibatch(0, 300).pictures) == seen.tolist()
    assert not set(seen) & set(held_out)


def test_a_picture_stays_on_its_side_whatever_comes_and_goes_beside_it() -> None:
    def held_out(checksums: list[int]) -> set[int]:
        return {checksums[place] for place in split(checksums, 0.2)[1]}

    assert held_out(CHECKSUMS[::-2]) == held_out(CHECKSUMS) & set(CHECKSUMS[::-2])


def test_labels_go_with_their_pictures(dataset: Dataset) -> None:
    pictures, labels = dataset.minibatch(7, 64)
    assert np.array_equal(labels.argmax(axis=1), pictures.reshape(-1) % 2)


def test_d_is_asked_about_as_many_pictures_of_either_kind_in_whole_minibatches(dataset: Dataset) -> None:
    minibatches = dataset.seen_and_held_out(16)
    assert minibatches is not None
    seen, held_out = minibatches
    assert seen.pictures.shape == held_out.pictures.shape == (16, 1, 1, 1)
    assert (len(shown(seen.pictures)), len(shown(held_out.pictures))) == (10, 10)


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_too_few_to_say_anything_are_not_held_out_at_all(share: float) -> None:
    everything = Dataset(PICTURES, None, Split.of(CHECKSUMS, share), seed=1)
    assert everything.seen_and_held_out(4) is None
    assert len(everything) == 40
    assert everything.minibatch(0, 4).labels.shape == (4, 0)


def test_classes_take_turns() -> None:
    assert classes_in_turn(3, 4).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert classes_in_turn(0, 4).shape == (4, 0)


def test_minibatches_come_from_the_device_where_the_pictures_are_there() -> None:
    places = Split.of(CHECKSUMS, 0.2)
    on_device = Dataset(np.zeros_like(PICTURES), LABELS, places, 1, shown=DevicePictures(PICTURES))
    found, expected = on_device.minibatch(3, 8), Dataset(PICTURES, LABELS, places, 1).minibatch(3, 8)
    assert np.array_equal(found.pictures, expected.pictures)
    assert np.array_equal(found.labels, expected.labels)
