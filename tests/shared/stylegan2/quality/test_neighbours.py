import numpy as np
import pytest

from shared.stylegan2.quality.neighbours import memorised_share, neighbour_sheet, neighbours, thumbnails, unusually_near


def pictures(count: int, seed: int, side: int = 64, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), np.uint8)


def test_a_copy_among_the_training_pictures_is_found() -> None:
    reals, fakes = pictures(300, seed=1), pictures(5, seed=2)
    fakes[3] = reals[277]
    found = neighbours(thumbnails(fakes), thumbnails(reals), 4)
    assert found.indices.shape == found.distances.shape == found.mirrored.shape == (5, 4)
    assert (found.indices[3, 0], found.distances[3, 0], found.mirrored[3, 0]) == (277, 0, False)
    assert found.nearest_first()[0] == 3
    assert (np.diff(found.distances, axis=1) >= 0).all()
    assert found.distances[3, 1] > 1


def test_a_mirrored_copy_is_found() -> None:
    reals, fakes = pictures(20, seed=1), pictures(3, seed=2)
    fakes[1] = reals[7, :, ::-1]
    found = neighbours(thumbnails(fakes), thumbnails(reals), 2)
    assert (found.indices[1, 0], found.distances[1, 0], found.mirrored[1, 0]) == (7, 0, True)


def test_many_pictures_are_compared_as_few_are() -> None:
    reals, fakes = (thumbnails(pictures(count, seed=count, side=8)) for count in (400, 300))
    found = neighbours(fakes, reals, 5)
    either_way = [np.square(fakes[:, None, :, ::step] - reals).mean(axis=(2, 3, 4)) for step in (1, -1)]
    expected = np.sqrt(np.minimum(*either_way))
    np.testing.assert_allclose(found.distances, np.sort(expected, axis=1)[:, :5], rtol=1e-5)
    np.testing.assert_array_equal(found.indices, np.argsort(expected, axis=1)[:, :5])
    np.testing.assert_array_equal(
        found.mirrored, np.take_along_axis(either_way[1] < either_way[0], found.indices, axis=1)
    )


def test_distances_are_root_mean_squares_of_levels_of_grey() -> None:
    black, grey = np.zeros((1, 8, 8, 1), np.uint8), np.full((1, 8, 8, 1), 51, np.uint8)
    assert neighbours(thumbnails(black), thumbnails(grey), 1).distances == pytest.approx(51)


def test_thumbnails_are_means_of_32_pixels_a_side_at_most() -> None:
    large = pictures(2, seed=1, side=128)
    assert thumbnails(large).shape == (2, 32, 32, 3)
    assert thumbnails(large)[1, 3, 5, 2] == pytest.approx(large[1, 12:16, 20:24, 2].mean())
    np.testing.assert_array_equal(thumbnails(pictures(2, seed=1, side=8)), pictures(2, seed=1, side=8))


def test_fewer_training_pictures_than_asked_for_are_all_shown() -> None:
    assert neighbours(thumbnails(pictures(3, seed=1)), thumbnails(pictures(2, seed=2)), 5).indices.shape == (3, 2)


def test_new_pictures_are_not_memorised_and_copies_are() -> None:
    reals = thumbnails(pictures(400, seed=1))
    threshold = unusually_near(reals)
    new, copies = thumbnails(pictures(200, seed=2)), thumbnails(np.flip(pictures(400, seed=1)[:200], axis=2))
    assert memorised_share(neighbours(new, reals, 1), threshold) < 0.05
    assert memorised_share(neighbours(copies, reals, 1), threshold) == 1
    half = np.concatenate([new, copies])
    assert 0.5 <= memorised_share(neighbours(half, reals, 1), threshold) < 0.53


def test_copies_count_even_where_the_training_pictures_have_copies() -> None:
    reals = thumbnails(np.repeat(pictures(30, seed=1), 2, axis=0))
    assert unusually_near(reals) == 0
    assert memorised_share(neighbours(reals[:5], reals, 1), 0) == 1


def test_a_training_picture_is_no_copy_of_itself_nor_of_its_mirror_image() -> None:
    symmetric = pictures(50, seed=1)
    symmetric[:, :, 32:] = symmetric[:, :, 31::-1]
    assert unusually_near(thumbnails(symmetric)) > 1


def test_a_row_of_the_sheet_is_a_sample_and_its_nearest() -> None:
    reals, fakes = pictures(6, seed=1, side=16), pictures(4, seed=2, side=16)
    fakes[2] = reals[5, :, ::-1]
    found = neighbours(thumbnails(fakes), thumbnails(reals), 2)
    page = neighbour_sheet(fakes, reals, found, rows=3)
    assert page.shape == (3 * 16, 3 * 16, 3)
    np.testing.assert_array_equal(page[:16, :16], fakes[2])
    np.testing.assert_array_equal(page[:16, 16:32], fakes[2])
    second, third = found.nearest_first()[1:3]
    np.testing.assert_array_equal(page[16:32, :16], fakes[second])
    np.testing.assert_array_equal(page[32:, :16], fakes[third])


def test_large_pictures_are_shown_small() -> None:
    large = pictures(2, seed=1, side=256, channels=1)
    assert neighbour_sheet(large, large, neighbours(thumbnails(large), thumbnails(large), 1), rows=9).shape == (
        256,
        256,
        1,
    )
