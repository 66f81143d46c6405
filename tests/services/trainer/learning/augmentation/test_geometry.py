import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation import geometry, wavelets
from tests.services.trainer.learning.augmentation.sources import pictures

SIZE = 16
TAPS = np.array(wavelets.SYM6)


def resampled(x: np.ndarray, *inverses: np.ndarray) -> np.ndarray:
    found = geometry.resampled(ops.convert_to_tensor(x), ops.convert_to_tensor(np.stack(inverses).astype(np.float32)))
    return ops.convert_to_numpy(found)


def affine(
    angle: float = 0.0, x_scale: float = 1.0, y_scale: float = 1.0, x: float = 0.0, y: float = 0.0
) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.block([[turn * [x_scale, y_scale], np.array([[x], [y]])], [np.zeros((1, 2)), np.ones((1, 1))]])


def definition(picture: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """The official program, slowly, for one picture [R, R, C]: padding by as much as it needs, and explicit filters."""
    size, centre = len(picture), (len(picture) - 1) / 2
    corners = np.array([[x, y, 1] for x in (-centre, centre) for y in (-centre, centre)]) @ inverse.T
    reach = np.stack([-corners.min(axis=0), corners.max(axis=0)])[:, :2] - centre + 6
    (left, top), (right, bottom) = np.ceil(np.clip(reach, 0, size - 1)).astype(int)
    fine = np.pad(picture, [(top, bottom), (left, right), (0, 0)], mode="reflect")
    for axis in (0, 1):
        fine = np.apply_along_axis(spread, axis, fine)
    line = np.arange(2 * (size + 6)) / 2 - centre - 3
    places = np.einsum("ij,jyx->iyx", inverse, np.stack([*np.meshgrid(line, line), np.ones((len(line),) * 2)]))
    samples = bilinear(fine, 2 * (places[1] + centre + top), 2 * (places[0] + centre + left))
    for axis in (0, 1):
        samples = np.apply_along_axis(gathered, axis, samples)
    return samples[3:-3, 3:-3]


def spread(line: np.ndarray) -> np.ndarray:
    zeros_between = np.zeros(2 * len(line))
    zeros_between[::2] = line
    return np.convolve(zeros_between, TAPS)[5 : 5 + 2 * len(line)]


def gathered(line: np.ndarray) -> np.ndarray:
    return np.correlate(np.pad(line, (5, 6)), TAPS, mode="valid")[::2]


def bilinear(fine: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    total = np.zeros((*rows.shape, fine.shape[2]))
    for row in (np.floor(rows).astype(int), np.floor(rows).astype(int) + 1):
        for column in (np.floor(columns).astype(int), np.floor(columns).astype(int) + 1):
            inside = (row >= 0) & (row < fine.shape[0]) & (column >= 0) & (column < fine.shape[1])
            weight = (1 - abs(rows - row)) * (1 - abs(columns - column)) * inside
            total += weight[..., None] * fine[row.clip(0, fine.shape[0] - 1), column.clip(0, fine.shape[1] - 1)]
    return total


def usual_maps() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [
        affine(rng.uniform(-np.pi, np.pi), *rng.uniform(0.6, 1.1, 2), *rng.uniform(-SIZE / 4, SIZE / 4, 2))
        for _ in range(12)
    ]


def test_agrees_with_the_definition_of_the_official_program():
    x, maps = pictures(12, SIZE, SIZE, 3), usual_maps()
    expected = [definition(picture, inverse) for picture, inverse in zip(x, maps, strict=True)]
    np.testing.assert_allclose(resampled(x, *maps), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "inverse",
    [
        affine(x=SIZE * 0.7),
        affine(y=-SIZE * 0.9 + 0.3),
        affine(x=-1.6 * SIZE, y=1.3 * SIZE),
        affine(angle=0.5, x_scale=4.0, y_scale=4.0),
        affine(angle=2.0, x_scale=9.0, y_scale=1.0, x=2.0),
    ],
)
def test_agrees_with_the_definition_far_from_the_picture(inverse: np.ndarray):
    x = pictures(1, SIZE, SIZE, 3)
    np.testing.assert_allclose(resampled(x, inverse)[0], definition(x[0], inverse), rtol=0, atol=1e-5)


def test_reflects_further_than_the_official_program_where_that_shrinks_a_picture():
    x, shrunk = pictures(1, SIZE, SIZE, 3), affine(angle=0.7, x_scale=1.5, y_scale=1.4)
    difference = np.abs(resampled(x, shrunk)[0] - definition(x[0], shrunk))
    assert np.sum(difference > 1e-5) <= 12
    assert difference.max() < 2e-3


@pytest.mark.parametrize(("right", "down"), [(3, 0), (0, -4), (-7, 5)])
def test_a_shift_by_whole_pixels_brings_in_the_reflection(right: int, down: int):
    x = pictures(1, SIZE, SIZE, 3)
    around = np.pad(x, [(0, 0), (8, 8), (8, 8), (0, 0)], mode="reflect")
    expected = around[:, 8 - down : 8 - down + SIZE, 8 - right : 8 - right + SIZE]
    np.testing.assert_allclose(resampled(x, affine(x=-right, y=-down)), expected, atol=1e-5)


def test_nothing_is_left_of_a_picture_that_is_moved_beyond_its_reflection():
    x = pictures(2, SIZE, SIZE, 3)
    assert not resampled(x, affine(x=3 * SIZE), affine(y=-1000.0 * SIZE)).any()


def test_an_identity_changes_no_bit_and_only_its_own_picture():
    x = pictures(2, SIZE, SIZE, 3)
    same, turned = resampled(x, affine(), affine(angle=0.1))
    np.testing.assert_array_equal(same, x[0])
    assert np.abs(turned - x[1]).max() > 0.1


def test_the_smallest_pictures_can_be_moved():
    x = pictures(1, 4, 4, 3)
    np.testing.assert_allclose(resampled(x, affine(x=1.0))[:, :, :3], x[:, :, 1:], atol=1e-5)
