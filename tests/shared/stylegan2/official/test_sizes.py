import numpy as np
import pytest

from shared.errors import Poison
from shared.stylegan2.architecture import Architecture, discriminator_shapes, generator_shapes
from shared.stylegan2.official.sizes import architecture_of, ignored_settings
from shared.stylegan2.official.snapshot import OfficialNetwork, Snapshot

SMALL = {"z_size": 6, "w_size": 5, "mapping_fmaps": 7}


def shaped(architecture: Architecture, version: int = 4, **settings: object) -> Snapshot:
    """A snapshot of networks of this architecture whose values take no memory."""
    G = {name: np.broadcast_to(np.float32(1), shape) for name, shape in generator_shapes(architecture).items()}
    D = {name: np.broadcast_to(np.float32(1), shape) for name, shape in discriminator_shapes(architecture).items()}
    return Snapshot(*(OfficialNetwork(dict(variables), dict(settings), version, ()) for variables in (G, D, G)))


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(512),
        Architecture(1024, fmap_base=8192),
        Architecture(256, 1, 12, mbstd_num_features=4),
        Architecture(512, fmap_max=1024, z_size=1024, w_size=1024, mapping_fmaps=1024, mapping_layers=4),
        Architecture(64, mapping_layers=1, z_size=6, w_size=5, mapping_fmaps=5),
        Architecture(128, 4, fmap_base=1000, fmap_max=90, **SMALL),
        Architecture(64, fmap_base=33, fmap_max=512, **SMALL),
        Architecture(64, fmap_base=9, fmap_max=7, mapping_layers=2, **SMALL),
        Architecture(16, fmap_base=191, fmap_max=47, **SMALL),
        Architecture(8, fmap_base=16, fmap_max=8, **SMALL),
    ],
    ids=repr,
)
def test_sizes_follow_from_the_shapes(architecture: Architecture) -> None:
    found = architecture_of(shaped(architecture))
    assert generator_shapes(found) == generator_shapes(architecture)
    assert discriminator_shapes(found) == discriminator_shapes(architecture)


@pytest.mark.parametrize("fmap_base", [16384, 8192])
def test_official_sizes_are_recognized(fmap_base: int) -> None:
    assert architecture_of(shaped(Architecture(512, fmap_base=fmap_base))) == Architecture(512, fmap_base=fmap_base)


def test_the_group_of_the_minibatch_deviation_is_the_stated_one() -> None:
    assert architecture_of(shaped(Architecture(8), mbstd_group_size=8)).mbstd_group_size == 8
    assert architecture_of(shaped(Architecture(8))).mbstd_group_size == 4
    for whole_batch in (shaped(Architecture(8), mbstd_group_size=None), shaped(Architecture(8), version=5)):
        assert architecture_of(whole_batch).mbstd_group_size > 1024


@pytest.mark.parametrize(
    ("network", "name", "said"),
    [
        ("G", "G_synthesis/ToRGB_lod0/weight", "progressive growing"),
        ("D", "FromRGB_lod3/weight", "progressive growing"),
        ("Gs", "G_synthesis/4x4/Const/AdaIN/bias", "StyleGAN 1 layers"),
        ("G", "G_mapping/LabelEmbed/weight", "label embedding of stylegan2-ada"),
        ("D", "D_mapping/Dense0/weight", "a discriminator with a mapping network"),
        ("G", "G_synthesis/8x8/Skip/weight", "a residual generator"),
    ],
)
def test_networks_of_another_kind_are_told_by_a_variable(network: str, name: str, said: str) -> None:
    snapshot = shaped(Architecture(8, **SMALL))
    getattr(snapshot, network).variables[name] = np.ones(1, np.float32)
    with pytest.raises(Poison, match=f"{network}/{name} belongs to .*{said}"):
        architecture_of(snapshot)


@pytest.mark.parametrize(
    "name",
    [
        "G/dlatent_avg",
        "G/G_mapping/Dense0/weight",
        "G/G_synthesis/4x4/Conv/bias",
        "D/4x4/Conv/weight",
        "D/4x4/Dense0/bias",
    ],
)
def test_what_every_network_has_is_missed_by_name(name: str) -> None:
    snapshot = shaped(Architecture(8, **SMALL))
    network, _, variable = name.partition("/")
    variables = getattr(snapshot, network).variables
    variables[variable] = np.ones((), np.float32)
    with pytest.raises(Poison, match=rf"{name} has the shape \(\)"):
        architecture_of(snapshot)
    del variables[variable]
    with pytest.raises(Poison, match=f"{name} is missing"):
        architecture_of(snapshot)


def test_a_file_without_any_block_is_refused() -> None:
    with pytest.raises(Poison, match="8x8/Conv1/weight is missing"):
        architecture_of(Snapshot(*(OfficialNetwork({}, {}, 4, ()) for _ in range(3))))


def test_absurd_resolutions_are_not_followed() -> None:
    snapshot = shaped(Architecture(8, **SMALL))
    snapshot.G.variables["G_synthesis/65536x65536/Conv1/weight"] = np.ones(1, np.float32)
    assert architecture_of(snapshot).resolution == 8
    snapshot.G.variables["G_synthesis/48x48/Conv1/weight"] = np.ones(1, np.float32)
    with pytest.raises(Poison, match="16x16/Conv1/bias is missing"):
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
    with pytest.raises(Poison, match=f"G was built with another {name}"):
        architecture_of(shaped(Architecture(8, **SMALL), **{name: value}))


def test_settings_of_the_official_values_are_fine_and_others_are_told() -> None:
    snapshot = shaped(
        Architecture(8, **SMALL), resample_kernel=(1, 3, 3, 1), mapping_lrmul=0.01, conv_clamp=256, impl="ref"
    )
    assert architecture_of(snapshot).resolution == 8
    assert ignored_settings(snapshot) == ("conv_clamp", "impl")
