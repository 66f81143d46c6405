import io
import pickletools

import numpy as np

from shared.stylegan2.official.fitting import match_variables
from shared.stylegan2.official.pickling import pickled
from shared.stylegan2.official.snapshot import read_snapshot
from shared.stylegan2.weights import Networks
from tests.shared.stylegan2.conftest import OfficialUnpickler

OFFICIAL_NAMES = {
    "dnnlib.tflib.network Network",
    "numpy ndarray",
    "numpy dtype",
    "numpy.core.multiarray _reconstruct",
    "numpy.core.multiarray scalar",
}


def test_our_own_import_gives_the_same_networks_bit_for_bit(labelled: Networks) -> None:
    found = match_variables(read_snapshot(pickled(labelled))).networks
    assert found is not None
    for network in ("G", "D", "Gs"):
        assert getattr(found, network).keys() == getattr(labelled, network).keys()
        for name, value in getattr(labelled, network).items():
            np.testing.assert_array_equal(getattr(found, network)[name], value, strict=True)


def test_numpy_itself_reads_the_same_arrays(labelled: Networks) -> None:
    networks = OfficialUnpickler(io.BytesIO(pickled(labelled))).load()
    for network, expected in zip(networks, (labelled.G, labelled.D, labelled.Gs), strict=True):
        found = network.variables()
        assert list(found.keys() - expected.keys()) == []
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value, strict=True)


def test_the_file_names_what_official_snapshots_name_and_carries_no_program(labelled: Networks) -> None:
    file = pickled(labelled)
    opcodes = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(file)]
    assert {argument for name, argument in opcodes if name == "GLOBAL"} == OFFICIAL_NAMES
    assert opcodes[0] == ("PROTO", 3)
    for network in OfficialUnpickler(io.BytesIO(file)).load():
        parts = [network, *network.state["components"].values()]
        assert [part.state["build_module_src"] for part in parts] == [""] * len(parts)


def test_settings_say_all_sizes(labelled: Networks) -> None:
    G, D, _ = OfficialUnpickler(io.BytesIO(pickled(labelled))).load()
    settings = G.state["static_kwargs"]
    assert settings == {
        "num_channels": 1,
        "resolution": 16,
        "label_size": 3,
        "fmap_base": 90,
        "fmap_max": 12,
        "latent_size": 6,
        "dlatent_size": 5,
        "mapping_layers": 3,
        "mapping_fmaps": 7,
    }
    assert G.state["components"]["mapping"].state["static_kwargs"]["dlatent_broadcast"] == 6
    assert D.state["static_kwargs"]["mbstd_group_size"] == 4
    assert "latent_size" not in D.state["static_kwargs"]


def test_the_file_ends_where_its_pickle_ends(labelled: Networks) -> None:
    stream = io.BytesIO(pickled(labelled))
    OfficialUnpickler(stream).load()
    assert stream.read() == b""
