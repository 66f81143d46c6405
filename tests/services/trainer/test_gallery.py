import numpy as np
import pytest

from services.trainer.data import fixed_latents
from services.trainer.dataset import Dataset, Split
from services.trainer.gallery import PSIS, Gallery
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.grid import to_uint8
from shared.stylegan2.inference import Generator
from shared.stylegan2.weights import Networks

NETWORKS = Networks.fresh(Architecture(8, label_size=2, fmap_max=8, z_size=6, w_size=5, mapping_layers=2), seed=3)
PICTURES = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
LABELS = np.eye(2, dtype=np.float32)[np.arange(40) % 2]


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    return Gallery(NETWORKS, Dataset(PICTURES, LABELS, Split.of(list(range(40)), 0), seed=1), seed=1)


def test_the_grid_has_the_classes_in_turn(gallery: Gallery) -> None:
    labels = np.eye(2, dtype=np.float32)[np.arange(96) % 2]
    expected = to_uint8(Generator(NETWORKS.architecture, NETWORKS.Gs).pictures(fixed_latents(1, 96, 6), labels))
    grid = gallery.fakes().reshape(8, 8, 12, 8, 3).swapaxes(1, 2).reshape(96, 8, 8, 3)
    assert np.array_equal(grid, expected)


def test_the_rows_of_the_truncation_grid_end_with_the_average_picture(gallery: Gallery) -> None:
    grid = gallery.truncation()
    assert grid.shape == (len(PSIS) * 8, 12 * 8, 3)
    row = grid[PSIS.index(0.0) * 8 :]
    assert np.array_equal(row, np.tile(row[:, :8], (1, 12, 1)))
    np.testing.assert_allclose(grid[8:16].astype(int), gallery.fakes()[:8], atol=1)  # psi 1


def test_drawn_pictures_are_laid_beside_the_training_pictures(gallery: Gallery) -> None:
    sheet, quality = gallery.compared(20)
    assert sheet.shape == (8 * 8, 6 * 8, 3)
    assert quality.pictures == 20
    assert quality.sliced_wasserstein > 0
    assert quality.memorised == 0


@pytest.mark.parametrize(("pictures", "drawn"), [(2, 1), (2, 3)])
def test_a_few_pictures_are_enough_to_compare_with(pictures: int, drawn: int) -> None:
    few = Dataset(PICTURES[:pictures], LABELS[:pictures], Split.of([0, 1], 0), seed=1)
    sheet, quality = Gallery(NETWORKS, few, seed=1).compared(drawn)
    assert np.isfinite(quality.sliced_wasserstein)
    assert sheet.shape == (drawn * 8, (pictures + 1) * 8, 3)


def test_a_single_picture_is_nothing_to_compare_with() -> None:
    assert not Gallery(NETWORKS, Dataset(PICTURES[:1], LABELS[:1], Split.of([0], 0), seed=1), seed=1).can_compare
