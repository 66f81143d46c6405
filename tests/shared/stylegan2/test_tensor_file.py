import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stylegan2 import network_file
from shared.stylegan2.errors import BadFile
from shared.stylegan2.tensor_file import is_tensor_file, pack, unpack
from shared.stylegan2.weights import Networks, WeightsMismatch

ARRAYS = {
    "a/weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "scalar": np.array(0.5, np.float32),
    "half": np.ones(3, np.float16),
    "double": np.array([np.pi]),
}


def raw(header: object, numbers: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_arrays_and_texts_come_back() -> None:
    packed = pack(ARRAYS, {"made by": "tests"})
    found, texts = unpack(packed)
    assert texts == {"made by": "tests"}
    assert found.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(found[name], value, strict=True)


def test_the_layout_is_that_of_the_format() -> None:
    packed = pack({"x": np.array([1, 2], ">f4")}, {"made by": "tests"})
    length = int.from_bytes(packed[:8], "little")
    assert length % 8 == 0
    assert json.loads(packed[8 : 8 + length]) == {"__metadata__": {"made by": "tests"}, "x": entry([2], 0, 8)}
    assert packed[8 + length :] == np.array([1, 2], "<f4").tobytes()


def test_rows_are_written_whatever_the_order_in_memory() -> None:
    value = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    np.testing.assert_array_equal(unpack(pack({"x": value}, {}))[0]["x"], value)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "header too small"),
        (b"PK\x03\x04 a zip archive", "not a whole safetensors file"),
        ((1 << 40).to_bytes(8, "little") + b"{}", "header too large"),
        (raw({}, b"")[:-1], "not a whole safetensors file"),
        ((4).to_bytes(8, "little") + b"{[[[", "invalid JSON in header"),
        ((200_000).to_bytes(8, "little") + b'{"a":' + b"[" * 199_995, "not a whole safetensors file"),
        (raw({"x": 1}, b""), "not a whole safetensors file"),
        (raw({"x": entry([2], 0, 8)}, b"1234"), "not fully covered"),
        (raw({"x": entry([1], 0, 4)}, b"12345678"), "not fully covered"),
        (raw({"x": entry([1], 4, 8)}, b"12345678"), "not a whole safetensors file"),
        (raw({"x": entry([1], 0, 4), "y": entry([1], 0, 4)}, b"1234"), "not a whole safetensors file"),
        (raw({"x": entry([1 << 40, 1 << 40], 0, 4)}, b"1234"), "not a whole safetensors file"),
        (raw({"x": entry([0, 1 << 40], 0, 0)}, b""), "no array of floats"),
        (raw({"x": entry([-1, -1], 0, 4)}, b"1234"), "not a whole safetensors file"),
        (raw({"x": entry([1], 0, 4, "I32")}, b"1234"), "no array of floats"),
        (raw({"__metadata__": 3}, b""), "not a whole safetensors file"),
    ],
)
def test_other_files_are_refused(file: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        unpack(file)


@given(st.binary(max_size=80))
def test_any_header_is_refused_or_read(text: bytes) -> None:
    file = len(text).to_bytes(8, "little") + text
    try:
        assert unpack(file)[0] == {}
    except BadFile as error:
        assert str(error)  # noqa: PT017


def test_networks_come_back_unchanged(toy: Networks) -> None:
    file = network_file.dump_tensors(toy)
    assert is_tensor_file(file)
    found = network_file.load(file)
    assert found.architecture == toy.architecture
    for network in ("G", "D", "Gs"):
        assert getattr(found, network).keys() == getattr(toy, network).keys()
        for name, value in getattr(toy, network).items():
            np.testing.assert_array_equal(getattr(found, network)[name], value, strict=True)


def test_a_network_file_of_the_runs_is_no_tensor_file(toy: Networks) -> None:
    assert not is_tensor_file(network_file.dump(toy))


def test_tensors_without_a_usable_architecture_are_refused(toy: Networks) -> None:
    arrays, texts = unpack(network_file.dump_tensors(toy))
    with pytest.raises(BadFile, match="no usable architecture"):
        network_file.load(pack(arrays, {}))
    with pytest.raises(BadFile, match="no usable architecture"):
        network_file.load(pack(arrays, {"architecture": "[" * 100_000}))
    del arrays["D/Output/bias"]
    with pytest.raises(WeightsMismatch, match="missing D/Output/bias"):
        network_file.load(pack(arrays, texts))
