import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.errors import BadFile, Misfit
from shared.stylegan2.official import torch_storage
from shared.stylegan2.official.fitting import VariableStatus as Status
from shared.stylegan2.official.fitting import match_variables
from shared.stylegan2.official.objects import PickledModule
from shared.stylegan2.official.snapshot import OfficialSnapshot, read_snapshot
from shared.stylegan2.official.torch_modules import converted
from shared.stylegan2.weights import Networks
from tests.shared.stylegan2.official.test_arithmetic import lively, same_answers
from tests.shared.stylegan2.official.torch_program import (
    Calls,
    Module,
    Program,
    _load_from_bytes,
    _rebuild_tensor_v2,
    in_a_row,
    networks_of,
    torch,
    zipped,
)

SIZES = {"z_size": 10, "w_size": 9, "mapping_layers": 2, "mapping_fmaps": 9}
PLAIN = Architecture(16, fmap_base=88, fmap_max=12, conv_clamp=256.0, **SIZES)
NARROW = Architecture(16, fmap_base=20, fmap_max=10, d_widths=(6, 6, 5, 2), **SIZES)
LABELLED = Architecture(
    8, 1, 3, fmap_max=12, label_fmaps=9, cmap_fmaps=12, cmap_layers=3, cmap_lrmul=0.01, conv_clamp=256.0, **SIZES
)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return lively(PLAIN, seed=7)


@pytest.fixture
def modules(networks: Networks) -> dict[str, Module]:
    """The networks as PyTorch has them, to be spoilt."""
    return networks_of(networks)


def arrived(file: bytes) -> Networks:
    found = match_variables(read_snapshot(file))
    assert {each.fate for each in found.variables} == {Status.USED}
    assert found.networks is not None
    return found.networks


def equal(found: Networks, expected: Networks) -> None:
    for network in ("G", "D", "Gs"):
        weights = getattr(found, network)
        for name, value in getattr(expected, network).items():
            tolerance = 2e-7 if name.endswith("mod_bias") else 0  # PyTorch keeps it with 1 added
            np.testing.assert_allclose(weights[name], value, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("architecture", [PLAIN, NARROW, LABELLED], ids=["plain", "narrow", "labels"])
def test_a_network_of_pytorch_arrives_with_all_its_variables(architecture: Architecture) -> None:
    expected = lively(architecture, seed=7)
    found = arrived(Program().file(networks_of(expected)))
    assert found.architecture == architecture
    equal(found, expected)
    same_answers(found, expected)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("save", [in_a_row, zipped])
@pytest.mark.parametrize("channels_last", [False, True])
def test_it_is_read_however_it_was_written(
    networks: Networks, protocol: int, save: Callable[[np.ndarray], bytes], channels_last: bool
) -> None:
    equal(arrived(Program(protocol, save, channels_last).file(networks_of(networks))), networks)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("save", [in_a_row, zipped])
def test_floats_of_every_size_are_read(save: Callable[[np.ndarray], bytes], dtype: type) -> None:
    data = save(np.arange(5).astype(dtype))
    np.testing.assert_array_equal(torch_storage.values(data), np.arange(5).astype(dtype), strict=True)


def test_the_group_of_the_minibatch_deviation_may_be_the_whole_batch(modules: dict[str, Module]) -> None:
    modules["D"]["b4.mbstd"].attributes["group_size"] = None
    assert match_variables(read_snapshot(Program().file(modules))).architecture.mbstd_group_size > 1024


def test_what_no_network_of_ours_has_is_told_under_its_own_name(modules: dict[str, Module]) -> None:
    modules["G"]["synthesis"].buffers["extra"] = np.ones(3, np.float32)
    (unused,) = [
        each for each in match_variables(read_snapshot(Program().file(modules))).variables if each.fate is Status.UNUSED
    ]
    assert (unused.network, unused.name) == ("G", "synthesis.extra")


def test_a_missing_variable_prevents_the_network(modules: dict[str, Module]) -> None:
    modules["G_ema"]["synthesis.b8.conv0"].parameters["weight"] = None
    found = match_variables(read_snapshot(Program().file(modules)))
    assert found.networks is None
    (missing,) = [each for each in found.variables if each.fate is Status.MISSING]
    assert (missing.network, missing.name) == ("Gs", "G_synthesis/8x8/Conv0_up/weight")


OTHERS = {
    "another activation": ("G", "synthesis.b8.conv0", {"activation": "relu"}, "another activation than lrelu"),
    "another factor": ("G", "synthesis.b8.conv0", {"up": 1}, "another up than 2"),
    "no noise": ("G", "synthesis.b8.conv1", {"use_noise": False}, "another use_noise than True"),
    "a residual G": ("G", "synthesis.b8", {"architecture": "resnet"}, "another architecture than skip"),
    "a plain D": ("D", "b8", {"architecture": "orig"}, "another architecture than resnet"),
    "a style with a gain": ("G", "synthesis.b4.torgb.affine", {"bias_gain": 0.5}, "another bias_gain than 1"),
    "a clamp of one layer": ("G", "synthesis.b8.conv0", {"conv_clamp": 128}, "another conv_clamp"),
    "one layer of mapping": ("G", "mapping.fc1", {"bias_gain": 0.1}, "another bias_gain than other layers"),
    "a value that is none": ("D", "b4.fc", {"activation": ["lrelu"]}, "another activation than lrelu"),
}


@pytest.mark.parametrize(("network", "path", "attributes", "reason"), OTHERS.values(), ids=OTHERS)
def test_a_layer_that_computes_something_else_is_refused_by_its_path(
    modules: dict[str, Module], network: str, path: str, attributes: dict[str, object], reason: str
) -> None:
    modules[network][path].attributes |= attributes
    with pytest.raises(BadFile, match=f"{network}.{path} .*{reason}"):
        match_variables(read_snapshot(Program().file(modules)))


def test_a_mapping_network_that_learns_at_another_rate_is_refused(modules: dict[str, Module]) -> None:
    for layer in ("fc0", "fc1"):
        modules["G"]["mapping"].parts[layer].attributes["bias_gain"] = 0.1
    with pytest.raises(Misfit, match=r"G was built with another mapping_lrmul than 0\.01"):
        match_variables(read_snapshot(Program().file(modules)))


def test_another_filter_is_refused(modules: dict[str, Module]) -> None:
    modules["D"]["b8.conv1"].buffers["resample_filter"] = np.full((4, 4), 1 / 16, np.float32)
    with pytest.raises(BadFile, match=r"D\.b8\.conv1 resamples with another filter"):
        read_snapshot(Program().file(modules))


def test_generators_of_stylegan3_are_told_as_such(modules: dict[str, Module]) -> None:
    modules["G"]["synthesis"].parts["input"] = Module("SynthesisInput")
    with pytest.raises(BadFile, match=r"G\.synthesis\.input begins with Fourier features, as StyleGAN3's"):
        read_snapshot(Program().file(modules))


@pytest.mark.parametrize("name", ["G", "D", "G_ema"])
def test_a_file_without_one_of_the_networks_is_refused(modules: dict[str, Module], name: str) -> None:
    del modules[name]
    with pytest.raises(BadFile, match=f"a dictionary without the network {name}; it needs G, D and G_ema"):
        read_snapshot(Program().file(modules))


MALFORMED = {
    "another class": (lambda G: replace(G, kind="Elsewhere"), "G is of the class 'Elsewhere'"),
    "another version": (lambda G: replace(G, version=7), "G is of version 7 of torch_utils.persistence"),
    "no modules": (lambda G: replace(G, changes={"_modules": None}), "G has no _modules"),
    "a number as a module": (lambda G: replace(G, changes={"_modules": {"x": 1}}), "G.x is not what belongs"),
    "a name for terminals": (lambda G: replace(G, changes={"_modules": {"\x1b": None}}), "a name that none has"),
    "a path as a name": (lambda G: replace(G, parameters={"a.b": np.ones(1, np.float32)}), "a name that none has"),
    "axes too many": (
        lambda G: replace(G, parts=G.parts | {"mapping": Module("MappingNetwork", {"w_avg": np.ones((2, 2), "f4")})}),
        "G.mapping.w_avg has 2 axes instead of 1",
    ),
    "a resolution of no picture": (
        lambda G: Module(
            "Generator",
            parts={
                "synthesis": Module(
                    "SynthesisNetwork",
                    parts={
                        "b" + "9" * 40: Module(
                            "SynthesisBlock", parts={"torgb": Module("ToRGBLayer", {"bias": np.ones(3, "f4")})}
                        )
                    },
                )
            },
        ),
        "a block of a resolution that none has",
    ),
}


@pytest.mark.parametrize(("change", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_a_module_that_is_malformed_is_refused(
    modules: dict[str, Module], change: Callable[[Module], Module], reason: str
) -> None:
    modules["G"] = change(modules["G"])
    with pytest.raises(BadFile, match=reason):
        read_snapshot(Program().file(modules))


def nested(depth: int) -> Module:
    return Module("Generator", parts={"x": nested(depth - 1)} if depth else {})


def test_modules_within_modules_without_end_are_refused(modules: dict[str, Module]) -> None:
    modules["G"] = nested(30)
    with pytest.raises(BadFile, match="G has more modules, or deeper ones, than any network"):
        read_snapshot(Program().file(modules))


def test_a_module_within_itself_is_refused() -> None:
    state: dict[object, object] = {"_modules": {}, "_parameters": {}, "_buffers": {}}
    meta = {"type": "class", "version": 6, "module_src": "", "class_name": "Generator", "state": state}
    module = PickledModule(meta)
    state["_modules"] = {"x": module, "y": module}
    with pytest.raises(BadFile, match="G has more modules, or deeper ones, than any network"):
        converted("G", module, 1000)


def test_one_module_under_many_names_is_refused(modules: dict[str, Module]) -> None:
    program = Program()
    shared = program.module(Module("FullyConnectedLayer"))
    modules["G"].changes["_modules"] = {f"x{n}": shared for n in range(20_000)}
    with pytest.raises(BadFile, match="G has more modules, or deeper ones, than any network"):
        read_snapshot(program.file(modules))


def test_one_storage_under_many_names_is_refused(modules: dict[str, Module]) -> None:
    program = Program()
    shared = program.parameter(np.ones(100_000, np.float32))
    modules["G"].changes["_parameters"] = {f"x{n}": shared for n in range(1000)}
    with pytest.raises(BadFile, match="come to more than the file's size"):
        read_snapshot(program.file(modules))


NUMBERS = np.arange(6, dtype=np.float32)

TENSORS = {
    "a place outside": ((0, (7,), (1,)), "does not lie within the 6 numbers"),
    "an offset outside": ((5, (2,), (1,)), "does not lie within the 6 numbers"),
    "a step outside": ((0, (2, 3), (4, 1)), "does not lie within the 6 numbers"),
    "a negative offset": ((-1, (2,), (1,)), "does not lie within the 6 numbers"),
    "a negative step": ((5, (2,), (-1,)), "a shape that none can have"),
    "a negative side": ((0, (-2,), (1,)), "a shape that none can have"),
    "no number": ((0, (0,), (1,)), "a shape that none can have"),
    "one number 2^40 times": ((0, (1 << 40,), (0,)), "does not lie within the 6 numbers"),
    "sides without steps": ((0, (2, 3), (1,)), "a shape that none can have"),
    "sides that are no numbers": ((0, ("a",), (1,)), "a shape that none can have"),
}


@pytest.mark.parametrize(("place", "reason"), TENSORS.values(), ids=TENSORS)
def test_a_tensor_that_does_not_lie_in_its_storage_is_refused(place: tuple[object, ...], reason: str) -> None:
    with torch():
        storage = Calls(_load_from_bytes, (in_a_row(NUMBERS),))
        file = pickle.dumps({"G": Calls(_rebuild_tensor_v2, (storage, *place, False, {}))})
    with pytest.raises(BadFile, match=reason):
        read_snapshot(file)


def spoilt(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


def storages() -> dict[str, tuple[bytes, str]]:
    row, archive = in_a_row(NUMBERS), zipped(NUMBERS)
    size = (6).to_bytes(8, "little")
    return {
        "nothing": (b"", "damaged or cut short"),
        "cut short": (row[:-1], "says that it has 6 numbers, and 23 bytes are there"),
        "too long": (row + b"x", "says that it has 6 numbers, and 25 bytes are there"),
        "another count": (spoilt(row, size, (7).to_bytes(8, "little")), "another size than it says"),
        "another number at the start": (
            b"\x80\x02K\x01." + row[row.index(b".") + 1 :],
            "not those that torch.save writes",
        ),
        "another type": (spoilt(row, b"FloatStorage", b"LongStorage"), "asks for torch.LongStorage"),
        "a command": (spoilt(row, b"ctorch\nFloatStorage", b"cposix\nsystem"), "asks for posix.system"),
        "a big-endian machine": (spoilt(row, b"little_endianq\x02\x88", b"little_endianq\x02\x89"), "big-endian"),
        "a zip archive cut short": (archive[:-30], "zip archive is damaged"),
        "a zip archive without numbers": (
            archive.replace(b"archive/data/0", b"archive/data/1"),
            "zip archive is damaged",
        ),
        "a zip archive without pickle": (archive.replace(b"data.pkl", b"data.txt"), "not one that torch.save writes"),
    }


@pytest.mark.parametrize(("data", "reason"), storages().values(), ids=storages())
def test_bytes_that_are_no_storage_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        torch_storage.values(data)


def test_one_storage_is_not_read_again_and_again() -> None:
    with torch():
        data = in_a_row(np.ones(100_000, np.float32))
        file = pickle.dumps({"G": [Calls(_load_from_bytes, (data,)) for _ in range(50)]})
    assert len(file) < 2 * len(data)
    with pytest.raises(BadFile, match="unfolds to more than the file's size"):
        read_snapshot(file)


FILE = Program().file(networks_of(Networks.fresh(Architecture(8, fmap_max=4, z_size=3, w_size=3, mapping_layers=1), 1)))


@given(st.integers(0, len(FILE) - 1), st.binary(min_size=1, max_size=4))
def test_a_file_with_other_bytes_is_refused_or_read(place: int, other: bytes) -> None:
    try:
        found = read_snapshot(FILE[:place] + other + FILE[place + len(other) :])
    except BadFile as error:
        assert str(error)  # noqa: PT017
    else:
        assert isinstance(found, OfficialSnapshot)
