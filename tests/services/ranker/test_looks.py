import numpy as np
import pytest
from PIL import Image, ImageFilter

from services.ranker.looks import Looks, decoded, encoded, in_lab, off_middle
from tests.services.ranker.faces import face


def look(*pictures: np.ndarray) -> Looks:
    return decoded(map(encoded, pictures))


@pytest.mark.parametrize("side", [1, 9, 64, 96, 512])
def test_a_picture_of_any_size_has_features_of_the_same_number(side: int) -> None:
    pixels = np.asarray(Image.fromarray(face("a")).resize((side, side)))
    found = look(pixels, face("b"))
    assert len(found) == 2
    assert [rows.shape[1] for rows in vars(found).values()] == [1764, 192, 144, 8, 4, 1]
    assert all(np.isfinite(rows).all() for rows in vars(found).values())


def test_features_come_back_in_order_and_can_be_chosen() -> None:
    found = look(face("a"), face("b"), face("c"))
    assert np.array_equal(found.of([2, 0]).shape, look(face("c"), face("a")).shape)
    assert len(decoded([])) == 0


def test_a_blurred_picture_is_less_sharp_and_a_noisy_one_more() -> None:
    image = Image.fromarray(face("a"))
    noise = np.random.default_rng(1).normal(0, 20, face("a").shape)
    noisy = np.clip(face("a") + noise, 0, 255).astype(np.uint8)
    plain, blurred, noisy_too = look(face("a"), np.asarray(image.filter(ImageFilter.GaussianBlur(3))), noisy).sharpness
    assert blurred[2] < plain[2] * 0.7
    assert noisy_too[3] > plain[3] * 1.5


def test_a_small_picture_has_no_details_that_it_has_no_pixels_for() -> None:
    small = np.asarray(Image.fromarray(face("a")).resize((32, 32)))
    found = look(small).sharpness[0]
    assert (found[:6] == 0).all()
    assert (found[6:] > 0).all()


@pytest.mark.parametrize("side", [64, 512])
def test_only_noise_leaves_no_flat_part(side: int) -> None:
    plain = np.asarray(Image.fromarray(face("a")).resize((side, side)))
    noise = np.random.default_rng(1).normal(0, 20, plain.shape)
    found = look(plain, np.clip(plain + noise, 0, 255).astype(np.uint8)).grain[:, 0]
    assert found[0] < 0.2
    assert found[1] > 1


def test_a_grey_picture_has_no_chroma_and_keeps_its_lightness() -> None:
    grey = np.asarray(Image.fromarray(face("a")).convert("L").convert("RGB"))
    plain, without = look(face("a"), grey).tones
    assert without[2:].max() < 0.03 < 1 < plain[2]
    assert abs(without[0] - plain[0]) < 0.1


def test_the_palette_says_which_colours_there_are_and_not_where() -> None:
    plain, mirrored = look(face("a"), face("a")[:, ::-1]).palette
    assert np.square(plain).sum() == pytest.approx(1, abs=1e-4)
    assert np.abs(plain - mirrored).max() < 0.02


def test_colours_in_lab_are_those_of_cie() -> None:
    reds = np.full((4, 4, 3), (255, 0, 0), np.uint8)
    assert in_lab(look(reds).colours)[0, :3] == pytest.approx([53.2, 80.1, 67.2], abs=0.3)


def test_a_feature_counts_by_its_spread_unless_that_is_next_to_none() -> None:
    rows = np.array([[0, 1], [1, 1], [2, 1], [9, 1.01]], np.float32)
    assert np.allclose(off_middle(rows), [[-1.5, 0], [-0.5, 0], [0.5, 0], [7.5, 0.5]], atol=1e-4)
