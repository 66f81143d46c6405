import numpy as np
import pytest

from shared.errors import Poison
from shared.stylegan2 import network_file
from shared.stylegan2.arrays import pack, unpack
from shared.stylegan2.weights import WeightsMismatch


def test_networks_come_back_unchanged(toy):
    found = network_file.load(network_file.dump(toy))
    assert found.architecture == toy.architecture
    for network in ("G", "D", "Gs"):
        for name, value in getattr(toy, network).items():
            np.testing.assert_array_equal(getattr(found, network)[name], value)


def test_half_precision_takes_half_the_room_and_keeps_three_digits(golden):
    whole, half = network_file.dump(golden.networks), network_file.dump(golden.networks, half=True)
    numbers = sum(value.size for value in (golden.networks.G | golden.networks.D).values())
    assert len(whole) - len(half) > 2 * numbers
    found = network_file.load(half)
    for name, value in golden.networks.G.items():
        assert found.G[name].dtype == np.float32
        np.testing.assert_allclose(found.G[name], value, rtol=1e-3, atol=1e-6)


def test_a_file_that_lacks_a_variable_names_it(toy):
    arrays = unpack(network_file.dump(toy))
    del arrays["Gs/dlatent_avg"]
    with pytest.raises(WeightsMismatch, match=r"missing Gs/dlatent_avg \(5,\)"):
        network_file.load(pack(arrays))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"resolution": 48}', '{"resolution": 64, "unknown": 1}'])
def test_a_file_without_usable_architecture_is_refused(toy, text):
    arrays = unpack(network_file.dump(toy)) | {"architecture": np.array(text)}
    with pytest.raises(Poison, match="no usable architecture"):
        network_file.load(pack(arrays))


def test_a_file_of_other_arrays_is_refused():
    with pytest.raises(Poison, match="no usable architecture"):
        network_file.load(pack({"x": np.zeros(3)}))
