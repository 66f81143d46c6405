import numpy as np
import pytest

from shared.stylegan2.interpolation import Easing, lerp, on_loop, slerp


def angle(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.degrees(np.arccos(first @ second / np.linalg.norm(first) / np.linalg.norm(second))))


def test_an_arc_is_gone_at_a_constant_angular_velocity():
    first, second = np.float32([2, 0, 0]), np.float32([1, np.sqrt(3), 0]) * 2
    for share in (0.0, 0.25, 0.5, 1.0):
        assert angle(first, slerp(first, second / 2, share)) == pytest.approx(60 * share, abs=0.05)
    short = [np.linalg.norm(slerp(first / 2, second / 4, share)) for share in (0.2, 0.5, 0.9)]  # on the unit circle
    np.testing.assert_allclose(short, 1, rtol=1e-5)


def test_vectors_of_one_direction_have_a_line_between_them():
    first = np.float32([1, 1, 0])
    np.testing.assert_allclose(slerp(first, first * 3, 0.5), first * 2)


def test_a_loop_passes_its_stations_in_order_and_ends_where_it_began():
    stations = np.float32([[0, 0], [1, 0], [1, 1]])
    found = [on_loop(stations, share, lerp, Easing.SMOOTH) for share in (0, 1 / 3, 2 / 3, 1)]
    np.testing.assert_allclose(found, [[0, 0], [1, 0], [1, 1], [0, 0]], atol=1e-5)
    np.testing.assert_allclose(on_loop(stations, 5 / 6, lerp, Easing.LINEAR), [0.5, 0.5], atol=1e-6)


def test_smooth_easing_stands_still_at_both_ends_and_linear_easing_nowhere():
    tiny = 1e-4
    for easing, speed in ((Easing.SMOOTH, 0), (Easing.LINEAR, 1)):
        assert easing.at(tiny) / tiny == pytest.approx(speed, abs=1e-3)
        assert (1 - easing.at(1 - tiny)) / tiny == pytest.approx(speed, abs=1e-3)
        assert (easing.at(0), easing.at(0.5), easing.at(1)) == (0, 0.5, 1)
