import json
import pickle

import numpy as np
import pytest

from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.arrays import pack, unpack
from shared.stylegan2.errors import BadFile
from shared.stylegan2.weights import Networks, WeightsMismatch

UNUSABLE = [
    f'{{"resolution": 8, {field}}}'
    for field in ('"g_widths": [4]', '"g_widths": [4, 4.5]', '"d_widths": 4', '"d_widths": "444"', '"conv_clamp": "x"')
]


def test_networks_come_back_unchanged(toy):
    found = network_file.load(network_file.dump(toy))
    assert found.architecture == toy.architecture
    for network in ("G", "D", "Gs"):
        for name, value in getattr(toy, network).items():
            np.testing.assert_array_equal(getattr(found, network)[name], value)


@pytest.mark.parametrize("dump", [network_file.dump, network_file.dump_tensors])
def test_all_sizes_come_back(dump):
    architecture = Architecture(
        *(8, 1, 3),
        g_widths=(3, 5),
        d_widths=(2, 4, 6),
        conv_clamp=256.0,
        label_fmaps=4,
        cmap_fmaps=7,
        cmap_layers=1,
        cmap_lrmul=0.01,
    )
    found = network_file.load(dump(Networks.fresh(architecture, seed=1)))
    assert found.architecture == architecture


def test_a_file_states_what_is_unusual_only_where_it_is(toy):
    """So the files of ordinary networks are those that there always were, in both directions."""
    text = str(unpack(network_file.dump(toy))["architecture"])
    assert json.loads(text).keys() == {
        *("resolution", "num_channels", "label_size", "fmap_base", "fmap_max", "z_size", "w_size"),
        *("mapping_layers", "mapping_fmaps", "mbstd_group_size", "mbstd_num_features"),
    }


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


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "7", "null", '{"resolution": 48}', '{"resolution": 64, "unknown": 1}', *UNUSABLE]
)
def test_a_file_without_usable_architecture_is_refused(toy, text):
    arrays = unpack(network_file.dump(toy)) | {"architecture": np.array(text)}
    with pytest.raises(BadFile, match="no usable architecture"):
        network_file.load(pack(arrays))


def test_a_file_of_other_arrays_is_refused():
    with pytest.raises(BadFile, match="no usable architecture"):
        network_file.load(pack({"x": np.zeros(3)}))


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_an_official_snapshot_is_sent_to_its_import(protocol):
    with pytest.raises(BadFile, match="magritte weights import"):
        network_file.load(pickle.dumps({"G": 1}, protocol))
