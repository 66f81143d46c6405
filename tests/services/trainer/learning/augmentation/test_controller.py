import pytest

from services.trainer.learning.augmentation.controller import adjusted


def next_p(p: float, mean_sign: float, images: int = 128) -> float:
    return float(adjusted(p, mean_sign, images, target=0.6, kimg=500))


def test_p_grows_while_d_is_surer_than_wanted_and_shrinks_else():
    assert next_p(0.3, 0.7) == pytest.approx(0.3 + 128 / 500_000)
    assert next_p(0.3, 0.5) == pytest.approx(0.3 - 128 / 500_000)


def test_at_the_target_p_stays():
    assert next_p(0.25, 0.6) == 0.25


def test_p_stays_between_0_and_1():
    assert next_p(0.0, -1.0) == 0
    assert next_p(1.0, 1.0) == 1
    assert next_p(0.5, 1.0, images=500_000) == 1


def test_p_crosses_its_range_within_the_given_images():
    p = 0.0
    for _ in range(500):
        p = next_p(p, 1.0, images=1000)
    assert p == pytest.approx(1, abs=1e-4)
