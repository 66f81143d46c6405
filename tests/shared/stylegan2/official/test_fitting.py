from dataclasses import replace

import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.official.fitting import Variable, match_variables
from shared.stylegan2.official.fitting import VariableStatus as Status
from shared.stylegan2.official.snapshot import read_snapshot
from shared.stylegan2.weights import Networks
from tests.shared.stylegan2.conftest import GOLDEN
from tests.shared.stylegan2.official.program import snapshot


def fates(file: bytes) -> dict[str, Variable]:
    """The variables that are not simply used, but for the official `lod`."""
    return {
        f"{each.network}/{each.name}": each
        for each in match_variables(read_snapshot(file)).variables
        if each.fate is not Status.USED and each.name != "lod"
    }


def test_golden_networks_arrive_bit_for_bit(golden, canary) -> None:
    name = "stylegan2-r64" if golden.networks.architecture.resolution == 64 else "stylegan2-r16-labels-gray"
    found = match_variables(read_snapshot((GOLDEN / "networks" / f"{name}.pkl").read_bytes()))
    assert found.networks is not None
    assert found.architecture.label_size == golden.networks.architecture.label_size
    for network in ("G", "D", "Gs"):
        expected, weights = getattr(golden.networks, network), getattr(found.networks, network)
        assert weights.keys() == expected.keys()
        for variable, value in expected.items():
            np.testing.assert_array_equal(weights[variable], value, strict=True)


def test_every_variable_has_a_fate(labelled: Networks) -> None:
    found = match_variables(read_snapshot(snapshot(labelled))).variables
    used = [f"{each.network}/{each.name}" for each in found if each.fate is Status.USED]
    assert used == [f"{name}/{variable}" for name in ("G", "D", "Gs") for variable in getattr(labelled, name)]
    assert [each.network for each in found if each.fate is Status.UNUSED and each.name == "lod"] == [
        "G",
        "Gs",
    ]


def test_a_missing_variable_prevents_the_network(weights: Networks) -> None:
    del weights.G["G_synthesis/8x8/Conv1/mod_bias"], weights.D["8x8/Skip/weight"]
    file = snapshot(weights)
    assert {name: each.fate for name, each in fates(file).items()} == {
        "G/G_synthesis/8x8/Conv1/mod_bias": Status.MISSING,
        "D/8x8/Skip/weight": Status.MISSING,
    }
    assert match_variables(read_snapshot(file)).networks is None


def test_a_mapping_network_with_a_gap_is_not_taken_for_a_shorter_one(weights: Networks) -> None:
    for network in (weights.G, weights.Gs):
        del network["G_mapping/Dense1/weight"], network["G_mapping/Dense1/bias"]
    assert {name: each.fate for name, each in fates(snapshot(weights)).items()} == {
        f"{network}/G_mapping/Dense1/{part}": Status.MISSING for network in ("G", "Gs") for part in ("weight", "bias")
    }


def test_a_variable_of_another_shape_prevents_the_network(weights: Networks) -> None:
    weights.Gs["dlatent_avg"] = np.zeros(9, np.float32)
    file = snapshot(weights)
    assert fates(file) == {"Gs/dlatent_avg": Variable("Gs", "dlatent_avg", (9,), (5,), Status.MISSHAPEN)}
    assert match_variables(read_snapshot(file)).networks is None


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_is_no_number_prevents_the_network(weights: Networks, value: float) -> None:
    weights.D["Output/bias"] = np.full(3, value)
    file = snapshot(weights)
    assert {name: each.fate for name, each in fates(file).items()} == {"D/Output/bias": Status.NOT_FINITE}
    assert match_variables(read_snapshot(file)).networks is None


def test_an_unused_variable_is_told_and_prevents_nothing(weights: Networks) -> None:
    weights.G["G_synthesis/8x8/Extra/weight"] = np.zeros(4, np.float32)
    file = snapshot(weights)
    assert fates(file) == {
        "G/G_synthesis/8x8/Extra/weight": Variable("G", "G_synthesis/8x8/Extra/weight", (4,), None, Status.UNUSED)
    }
    assert match_variables(read_snapshot(file)).networks is not None


def test_other_precisions_and_byte_orders_come_to_float32(weights: Networks) -> None:
    weights.G["dlatent_avg"] = np.full(5, 1 / 3)
    weights.Gs["dlatent_avg"] = np.arange(5, dtype=">f4")
    weights.D["Output/bias"] = np.ones(3, np.float16)
    file = snapshot(weights)
    assert {name: each.fate for name, each in fates(file).items()} == {"G/dlatent_avg": Status.ROUNDED}
    networks = match_variables(read_snapshot(file)).networks
    assert networks is not None
    np.testing.assert_array_equal(networks.G["dlatent_avg"], np.full(5, 1 / 3, np.float32), strict=True)
    np.testing.assert_array_equal(networks.Gs["dlatent_avg"], np.arange(5, dtype=np.float32), strict=True)
    np.testing.assert_array_equal(networks.D["Output/bias"], np.ones(3, np.float32), strict=True)


def test_a_discriminator_may_have_other_widths_than_the_generator(weights: Networks) -> None:
    wide = Architecture(**vars(weights.architecture) | {"fmap_max": 14})
    weights.D.clear()
    weights.D.update(Networks.fresh(wide, seed=1).D)
    file = snapshot(weights)
    assert fates(file) == {}
    networks = match_variables(read_snapshot(file)).networks
    assert networks is not None
    assert networks.architecture.d_widths == (14, 14, 14, 11)


def test_an_average_of_other_widths_than_its_generator_is_told_variable_by_variable(weights: Networks) -> None:
    wide = Architecture(**vars(weights.architecture) | {"fmap_max": 14})
    weights.Gs.clear()
    weights.Gs.update(Networks.fresh(wide, seed=1).Gs)
    file = snapshot(weights)
    found = fates(file).values()
    assert {each.network for each in found} == {"Gs"}
    assert {each.fate for each in found} == {Status.MISSHAPEN}
    assert Variable("Gs", "G_synthesis/4x4/Conv/bias", (14,), (12,), Status.MISSHAPEN) in found
    assert match_variables(read_snapshot(file)).networks is None


@pytest.mark.parametrize("layers", [2, 8])
def test_a_network_of_stylegan2_ada_is_read_with_the_settings_that_its_train_py_gives(layers: int) -> None:
    architecture = Architecture(
        *(16, 3), fmap_base=90, fmap_max=12, z_size=6, w_size=5, mapping_fmaps=5, mapping_layers=layers
    )
    settings = {"num_channels": 3, "resolution": 16, "label_size": 0, "fmap_base": 90, "fmap_max": 12}
    settings |= {"num_fp16_res": 4, "conv_clamp": 256, "mbstd_group_size": 4, "architecture": "resnet"}
    file = snapshot(Networks.fresh(architecture, seed=1), version=5, static_kwargs=settings)
    found = match_variables(read_snapshot(file))
    assert fates(file) == {}
    assert found.ignored_settings == ("num_fp16_res",)
    assert found.architecture == replace(architecture, fmap_base=88, conv_clamp=256.0)
