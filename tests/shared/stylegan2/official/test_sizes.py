import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture, discriminator_shapes, generator_shapes
from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.sizes import architecture_of
from shared.stylegan2.official.snapshot import OfficialNetwork, OfficialSnapshot

SMALL = {"z_size": 6, "w_size": 5, "mapping_fmaps": 7}
DOUBLED = (512, 512, 512, 512, 512, 256, 128, 64)


def shaped(architecture: Architecture, version: int = 4, **settings: object) -> OfficialSnapshot:
    """A snapshot of networks of this architecture whose values take no memory."""
    G = {name: np.broadcast_to(np.float32(1), shape) for name, shape in generator_shapes(architecture).items()}
    D = {name: np.broadcast_to(np.float32(1), shape) for name, shape in discriminator_shapes(architecture).items()}
    return OfficialSnapshot(*(OfficialNetwork(dict(variables), dict(settings), version, ()) for variables in (G, D, G)))


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
        Architecture(512, fmap_base=32768, fmap_max=1024, d_widths=(512, *DOUBLED), mbstd_num_features=4, **SMALL),
        Architecture(16, g_widths=(9, 4, 6), **SMALL),
        Architecture(16, fmap_base=90, fmap_max=12, d_widths=(5, 7, 3, 8), **SMALL),
        Architecture(16, 1, 3, fmap_base=90, fmap_max=12, label_fmaps=4, cmap_fmaps=10, **SMALL),
        Architecture(16, 1, 3, fmap_base=90, fmap_max=12, label_fmaps=4, cmap_fmaps=10, cmap_layers=2, **SMALL),
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


@pytest.mark.parametrize(
    "name",
    [
        "G/dlatent_avg",
        "G/G_mapping/Dense0/weight",
        "G/G_synthesis/4x4/ToRGB/bias",
        "D/4x4/Conv/weight",
    ],
)
def test_what_every_network_has_is_missed_by_name(name: str) -> None:
    snapshot = shaped(Architecture(8, **SMALL))
    network, _, variable = name.partition("/")
    variables = getattr(snapshot, network).variables
    variables[variable] = np.ones((), np.float32)
    with pytest.raises(BadFile, match=rf"{name} has the shape \(\)"):
        architecture_of(snapshot)
    del variables[variable]
    with pytest.raises(BadFile, match=f"{name} is missing"):
        architecture_of(snapshot)


def test_networks_that_follow_different_rules_keep_both() -> None:
    wide = Architecture(64, fmap_base=32768, fmap_max=1024, z_size=1024, w_size=1024, mapping_layers=4)
    G, D = shaped(wide), shaped(Architecture(64, fmap_max=256, mbstd_num_features=4))
    found = architecture_of(OfficialSnapshot(G.G, D.D, G.Gs))
    assert (found.fmap_base, found.fmap_max, found.g_widths) == (32768, 1024, ())
    assert found.d_widths == (256,) * 6
    assert found.mbstd_num_features == 4


@pytest.mark.parametrize(
    ("network", "name"),
    [("G", "G_synthesis/8x8/Conv1/bias"), ("D", "8x8/Conv0/bias"), ("D", "4x4/Dense0/bias"), ("D", "4x4/Conv/bias")],
)
def test_one_variable_of_another_width_does_not_decide(network: str, name: str) -> None:
    architecture = Architecture(16, fmap_base=90, fmap_max=12, **SMALL)
    snapshot = shaped(architecture)
    getattr(snapshot, network).variables[name] = np.ones(99, np.float32)
    assert architecture_of(snapshot).fmaps(8) == architecture_of(snapshot).d_fmaps(8) == 12


def test_an_embedding_without_room_for_z_is_no_network() -> None:
    snapshot = shaped(Architecture(8, 1, 3, label_fmaps=9, cmap_fmaps=4, **SMALL))
    snapshot.G.variables["G_mapping/LabelEmbed/weight"] = np.ones((3, 15), np.float32)
    with pytest.raises(BadFile, match="z_size must be at least 1, and is 0"):
        architecture_of(snapshot)


def test_a_file_without_any_block_is_refused() -> None:
    with pytest.raises(BadFile, match="8x8/Conv1/weight is missing"):
        architecture_of(OfficialSnapshot(*(OfficialNetwork({}, {}, 4, ()) for _ in range(3))))


def test_absurd_resolutions_are_not_followed() -> None:
    snapshot = shaped(Architecture(8, **SMALL))
    snapshot.G.variables["G_synthesis/65536x65536/Conv1/weight"] = np.ones(1, np.float32)
    assert architecture_of(snapshot).resolution == 8
    snapshot.G.variables["G_synthesis/48x48/Conv1/weight"] = np.ones(1, np.float32)
    with pytest.raises(BadFile, match="16x16/Conv1/bias is missing"):
        architecture_of(snapshot)
