import numpy as np
import pytest
import typer

from services.magritte.networks.chosen import OpenedNetwork
from services.magritte.networks.drawing import Drawing
from services.magritte.networks.options import FixedNoise
from shared.stylegan2 import generator
from shared.stylegan2.grid import to_uint8
from tests.services.magritte.toy_networks import networks


def opened(**sizes: int) -> OpenedNetwork:
    made = networks(1, **sizes)
    made.Gs.update({name: np.float32(0.5) for name in made.Gs if name.endswith("noise_strength")})
    made.Gs["dlatent_avg"][:] = 0.25
    return OpenedNetwork(made, "toy")


def test_a_picture_of_a_seed_is_what_the_network_s_functions_make_of_it() -> None:
    toy = opened(label_size=3)
    drawing = Drawing(toy, 2, 0.5, FixedNoise.CONST)
    architecture, Gs = toy.networks.architecture, toy.networks.Gs
    z = np.random.RandomState(9).randn(1, 6).astype(np.float32)
    w = np.asarray(generator.mapping(architecture, Gs, z, np.float32([[0, 0, 1]])))
    w = np.repeat((0.25 + 0.5 * (w - 0.25))[:, None], 4, axis=1)
    np.testing.assert_allclose(drawing.styles_of_seed(9), w[0], atol=1e-5)
    expected = to_uint8(np.asarray(generator.synthesis(architecture, Gs, w, generator.stored_noise(architecture, Gs))))
    np.testing.assert_allclose(drawing.picture(drawing.styles_of_seed(9)).astype(int), expected[0], atol=1)


def test_w_of_many_is_that_of_each() -> None:
    drawing = Drawing(opened(label_size=3), 1, 1.0, FixedNoise.CONST)
    z = np.random.default_rng(1).standard_normal((3, 6), np.float32)
    np.testing.assert_allclose(drawing.styles(z)[2], drawing.styles(z[2:])[0], atol=1e-6)


def test_without_noise_the_stored_maps_have_no_effect() -> None:
    toy, other = opened(), opened()
    other.networks.Gs["G_synthesis/noise2"] = toy.networks.Gs["G_synthesis/noise2"] + 1
    pictures = {
        noise: [Drawing(each, None, 1.0, noise).picture(np.ones((4, 5), np.float32)) for each in (toy, other)]
        for noise in FixedNoise
    }
    np.testing.assert_array_equal(*pictures[FixedNoise.NONE])
    assert not np.array_equal(*pictures[FixedNoise.CONST])


def test_a_class_that_the_network_does_not_know_is_wrong_usage() -> None:
    with pytest.raises(typer.BadParameter, match="knows none"):
        Drawing(opened(), 1, 1.0, FixedNoise.CONST)
