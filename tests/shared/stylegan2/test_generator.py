import numpy as np
import pytest

from shared.stylegan2 import generator
from shared.stylegan2.backend import Tensor, Variables


def pictures(golden, variables: Variables, w: Tensor) -> np.ndarray:
    noises = generator.stored_noise(golden.networks.architecture, variables)
    return np.array(generator.synthesis(golden.networks.architecture, variables, w, noises))


def broadcast_w(golden, variables: Variables, count: int) -> Tensor:
    architecture = golden.networks.architecture
    w = generator.mapping(architecture, variables, golden["z"][:count], golden["labels"][:count])
    return generator.broadcast(architecture, w)


@pytest.mark.parametrize(("network", "count"), [("Gs", 8), ("G", 2)])
def test_w_is_the_official_one(golden, network, count):
    w = broadcast_w(golden, getattr(golden.networks, network), count)
    np.testing.assert_allclose(w, golden[f"{network}_w"], atol=1e-5)


@pytest.mark.parametrize("network", ["Gs", "G"])
def test_pictures_without_truncation_are_the_official_ones(golden, network):
    variables = getattr(golden.networks, network)
    expected = golden.nhwc(f"{network}_images_psi1")
    w = broadcast_w(golden, variables, len(expected))
    np.testing.assert_allclose(pictures(golden, variables, w), expected, atol=2e-5)


@pytest.mark.parametrize(("psi", "cut", "name"), [(0.7, False, "psi0.7"), (0.5, True, "psi0.5_cutoff{}")])
def test_truncated_pictures_are_the_official_ones(golden, psi, cut, name):
    Gs = golden.networks.Gs
    w = generator.truncate(broadcast_w(golden, Gs, 4), Gs["dlatent_avg"], psi, golden.cutoff if cut else None)
    np.testing.assert_allclose(w, golden[f"Gs_w_{name.format(golden.cutoff)}"], atol=1e-5)
    expected = golden.nhwc(f"Gs_images_{name.format(golden.cutoff)}")
    np.testing.assert_allclose(pictures(golden, Gs, w), expected, atol=2e-5)


def test_mixed_styles_are_the_official_ones(golden):
    Gs = golden.networks.Gs
    w = broadcast_w(golden, Gs, 2)
    mixed = generator.mix(w[1:], w[:1], golden.cutoff)
    np.testing.assert_allclose(mixed, golden["stylemix_w"], atol=1e-5)
    np.testing.assert_allclose(pictures(golden, Gs, mixed), golden.nhwc("stylemix_image"), atol=2e-5)


def test_the_average_of_w_moves_by_half_a_percent():
    average = generator.updated_average(np.ones(3, np.float32), np.array([1, 3, 4], np.float32))
    np.testing.assert_allclose(average, [1, 1.01, 1.015], rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (3, 1), (1,), ()])
def test_the_average_of_w_takes_nothing_but_a_mean_of_each_dimension(shape):
    with pytest.raises(ValueError, match=r"the mean of w has the shape .* instead of \(3,\)"):
        generator.updated_average(np.ones(3, np.float32), np.ones(shape, np.float32))
