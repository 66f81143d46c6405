import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.errors import Misfit
from shared.stylegan2.official.settings import ignored_settings
from shared.stylegan2.official.sizes import architecture_of
from tests.shared.stylegan2.official.test_sizes import SMALL, shaped


def test_the_group_of_the_minibatch_deviation_is_the_stated_one() -> None:
    assert architecture_of(shaped(Architecture(8), mbstd_group_size=8)).mbstd_group_size == 8
    assert architecture_of(shaped(Architecture(8))).mbstd_group_size == 4
    for whole_batch in (shaped(Architecture(8), mbstd_group_size=None), shaped(Architecture(8), version=5)):
        assert architecture_of(whole_batch).mbstd_group_size > 1024


@pytest.mark.parametrize(
    ("network", "name", "reason"),
    [
        ("G", "G_synthesis/ToRGB_lod0/weight", "progressive growing"),
        ("D", "FromRGB_lod3/weight", "progressive growing"),
        ("Gs", "G_synthesis/4x4/Const/AdaIN/bias", "StyleGAN 1 layers"),
        ("D", "D_mapping/Dense0/weight", "a discriminator of several networks"),
        ("G", "G_synthesis/8x8/Skip/weight", "a residual generator"),
    ],
)
def test_networks_of_another_kind_are_told_by_a_variable(network: str, name: str, reason: str) -> None:
    snapshot = shaped(Architecture(8, **SMALL))
    getattr(snapshot, network).variables[name] = np.ones(1, np.float32)
    with pytest.raises(Misfit, match=f"{network}/{name} belongs to .*{reason}"):
        architecture_of(snapshot)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mapping_lrmul", 0.1),
        ("nonlinearity", "relu"),
        ("resample_kernel", [1, 2, 1]),
        ("use_noise", False),
        ("use_spectral_norm", True),
    ],
)
def test_networks_that_compute_something_else_are_refused(name: str, value: object) -> None:
    with pytest.raises(Misfit, match=f"G was built with another {name}"):
        architecture_of(shaped(Architecture(8, **SMALL), **{name: value}))


def test_settings_of_the_official_values_are_fine_and_others_are_told() -> None:
    snapshot = shaped(
        Architecture(8, **SMALL), resample_kernel=(1, 3, 3, 1), mapping_lrmul=0.01, num_fp16_res=4, impl="ref"
    )
    assert architecture_of(snapshot).resolution == 8
    assert ignored_settings(snapshot) == ("impl", "num_fp16_res")


def test_activations_are_clamped_where_the_settings_say_so() -> None:
    assert architecture_of(shaped(Architecture(8, **SMALL), conv_clamp=256)).conv_clamp == 256
    assert architecture_of(shaped(Architecture(8, **SMALL), conv_clamp=None)).conv_clamp is None
    assert architecture_of(shaped(Architecture(8, **SMALL), version=5)).conv_clamp is None


@pytest.mark.parametrize("value", [0, -1, True, "256", float("nan"), float("inf")])
def test_a_clamp_that_is_no_number_above_0_is_refused(value: object) -> None:
    with pytest.raises(Misfit, match="G was built with a conv_clamp that is no number above 0"):
        architecture_of(shaped(Architecture(8, **SMALL), conv_clamp=value))


def test_networks_that_clamp_differently_are_refused() -> None:
    snapshot = shaped(Architecture(8, **SMALL), conv_clamp=256)
    snapshot.D.settings["conv_clamp"] = None
    with pytest.raises(Misfit, match=r"G 256.0, D None, Gs 256.0"):
        architecture_of(snapshot)


def test_the_learning_rate_of_a_mapping_of_labels_is_the_stated_one() -> None:
    architecture = Architecture(8, 1, 3, label_fmaps=4, cmap_fmaps=6, cmap_layers=1, **SMALL)
    snapshot = shaped(architecture, version=5)
    assert architecture_of(snapshot).cmap_lrmul == 0.1
    snapshot.D.settings["mapping_lrmul"] = 0.01
    assert architecture_of(snapshot).cmap_lrmul == 0.01
