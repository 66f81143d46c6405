from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from shared.stylegan2.quality.sliced_wasserstein import laplacian_pyramid, sliced_wasserstein

REAL = Path(__file__).parents[5] / "shared/data/real/images"


def drawings(count: int, side: int, seed: int, channels: int = 3) -> np.ndarray:
    """Flat shapes with edges, as drawings have."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    pictures = np.empty((count, side, side, channels), np.uint8)
    for picture in pictures:
        picture[:] = random.integers(120, 200, channels)
        for _ in range(6):
            (cy, cx), radius = random.uniform(0, 1, 2), random.uniform(0.05, 0.3)
            picture[np.hypot(y - cy, x - cx) < radius] = random.integers(0, 256, channels)
    return pictures


def blurred(pictures: np.ndarray, times: int) -> np.ndarray:
    soft = pictures.astype(np.float32)
    for _ in range(times):
        for axis in (1, 2):
            soft = (np.roll(soft, 1, axis) + 2 * soft + np.roll(soft, -1, axis)) / 4
    return np.rint(soft).astype(np.uint8)


def noisy(pictures: np.ndarray, deviation: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, deviation, pictures.shape)
    return (pictures + noise).clip(0, 255).astype(np.uint8)


def test_there_is_a_level_from_the_full_size_down_to_16_pixels() -> None:
    pictures = drawings(12, 64, seed=1)
    assert list(sliced_wasserstein(pictures, pictures).levels) == [64, 32, 16]
    assert list(sliced_wasserstein(pictures[:, :8, :8], pictures[:, :8, :8]).levels) == [8]


def test_a_set_has_no_distance_from_itself() -> None:
    pictures = drawings(20, 32, seed=1)
    found = sliced_wasserstein(pictures, pictures.copy())
    assert set(found.levels.values()) == {0.0}
    assert found.mean == 0


def test_other_drawings_of_the_kind_are_nearer_than_any_that_are_spoilt() -> None:
    reals, others = drawings(100, 32, seed=1), drawings(100, 32, seed=2)
    own = sliced_wasserstein(reals, others).mean
    for spoilt in (noisy(others, 15), blurred(others, 1), (others * 0.7).astype(np.uint8), 255 - others):
        assert sliced_wasserstein(reals, spoilt).mean > own * 1.2


def test_the_distance_grows_with_noise_and_with_blur() -> None:
    reals, others = drawings(30, 64, seed=1), drawings(30, 64, seed=2)
    by_noise = [sliced_wasserstein(reals, noisy(others, deviation)).mean for deviation in (0, 10, 20, 40)]
    by_blur = [sliced_wasserstein(reals, blurred(others, times)).mean for times in (0, 1, 3, 9)]
    assert by_noise == sorted(by_noise)
    assert by_blur == sorted(by_blur)


def test_each_level_tells_of_details_of_its_size() -> None:
    reals, others = drawings(30, 64, seed=1), drawings(30, 64, seed=2)
    before, after = (sliced_wasserstein(reals, fakes).levels for fakes in (others, noisy(others, 20)))
    assert after[64] - before[64] > 10 * (after[16] - before[16])


def test_the_same_pictures_have_the_same_distance_each_time() -> None:
    reals, fakes = drawings(30, 32, seed=1), drawings(25, 32, seed=2, channels=3)
    assert sliced_wasserstein(reals, fakes, seed=3) == sliced_wasserstein(reals, fakes, seed=3)
    assert sliced_wasserstein(reals, fakes, seed=3) != sliced_wasserstein(reals, fakes, seed=4)


def test_grey_and_empty_pictures_have_a_distance() -> None:
    grey, white = drawings(10, 16, seed=1, channels=1), np.full((10, 16, 16, 1), 255, np.uint8)
    assert sliced_wasserstein(grey, white).mean > 0
    assert np.isfinite(sliced_wasserstein(white, grey).mean)


@pytest.mark.parametrize("side", [16, 32, 128])
def test_the_levels_add_up_to_the_pictures(side: int) -> None:
    pictures = drawings(3, side, seed=1)
    *details, rest = laplacian_pyramid(pictures)
    for level in reversed(details):
        # Doubling is linear: the level below, doubled, is what the pyramid of the sum would have taken off.
        rest = level + _doubled(rest)
    np.testing.assert_allclose(rest, pictures, atol=1e-3)


def _doubled(level: np.ndarray) -> np.ndarray:
    """By the definition: zeros in between, then 1 4 6 4 1 over 8, mirrored at the borders."""
    for axis in (1, 2):
        level = np.moveaxis(level, axis, 0)
        padded = np.concatenate([level[1:2], level, level[-2:-1]])
        spaced = np.zeros((2 * len(padded), *level.shape[1:]))
        spaced[::2] = padded
        filtered = sum(
            weight / 8 * spaced[2 + offset : 2 + offset + 2 * len(level)]
            for offset, weight in zip(range(-2, 3), (1, 4, 6, 4, 1), strict=True)
        )
        level = np.moveaxis(filtered, 0, axis)
    return level


def test_real_drawings_are_nearer_to_each_other_than_to_spoilt_ones() -> None:
    if not REAL.is_dir():
        pytest.skip("needs the real pictures beside the repository")
    images = [Image.open(path).convert("RGB") for path in sorted(REAL.iterdir())]
    small = np.stack([np.asarray(ImageOps.fit(image, (64, 64))) for image in images])
    reals, others = small[0::2], small[1::2]
    own = sliced_wasserstein(reals, others).mean
    assert own < sliced_wasserstein(reals, blurred(others, 3)).mean / 1.5
    assert own < sliced_wasserstein(reals, noisy(others, 30)).mean / 1.5
