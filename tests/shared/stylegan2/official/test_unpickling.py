import os
import pickle
import struct
import time
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.objects import PickledArray
from shared.stylegan2.official.unpickling import unpickled
from tests.shared.stylegan2.official.program import Network, pickled

MIB = 1 << 20
PROTOCOL = b"\x80\x04"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
FLOAT32 = (
    b"cnumpy\ndtype\n(X\x02\x00\x00\x00f4K\x00K\x01tR"
    + b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)


class Calls:
    """Pickles as a call."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def array_of(shape: bytes, data: bytes = b"C\x04\x00\x00\x80?") -> bytes:
    return PROTOCOL + ARRAY + b"(K\x01" + shape + FLOAT32 + b"\x89" + data + b"tb."


def long(number: int) -> bytes:
    raw = number.to_bytes((number.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def memo_bomb() -> bytes:
    """A hundred megabytes of text, encoded once and then again and again."""
    text = b"a" * 100_000
    once = b"c_codecs\nencode\nX" + struct.pack("<I", len(text)) + text + b"q\x00X\x06\x00\x00\x00latin1q\x01\x86R"
    again = b"c_codecs\nencode\nh\x00h\x01\x86R"
    return PROTOCOL + b"](" + once + again * 20_000 + b"e."


HOSTILE = {
    "a command": (pickle.dumps(Calls(os.system, "true")), "asks for posix.system"),
    "an evaluation": (pickle.dumps(Calls(eval, "1")), "asks for builtins.eval"),
    "an evaluation of old": (pickle.dumps(Calls(eval, "1"), 2), "asks for __builtin__.eval"),
    "a call within a call": (pickled(Network({"variables": [Calls(os.system, "true")]})), "asks for posix.system"),
    "a call of getattr": (pickle.dumps(Calls(getattr, "", "join")), "asks for builtins.getattr"),
    "a dotted name": (PROTOCOL + b"\x8c\x05numpy\x8c\x0cndarray.base\x93.", r"asks for numpy.ndarray.base"),
    "a dotted name across modules": (PROTOCOL + b"cnumpy\ncore.multiarray.scalar\n.", "asks for numpy.core.multi"),
    "a name with another one's beginning": (PROTOCOL + b"cnumpy.core.multiarray.evil\nscalar\n.", "asks for"),
    "a name for terminals": (PROTOCOL + b"c\x1b[2J\nx\n.", r"asks for \\x1b\[2J.x"),
    "an endless name": (PROTOCOL + b"c" + b"m" * MIB + b"\nx\n.", "asks for m{100}.x,"),
    "a name that is no text": (PROTOCOL + b"K\x01K\x02\x93.", "a name that is no text"),
    "a persistent id": (PROTOCOL + b"K\x07Q.", "a persistent id"),
    "a persistent id as text": (PROTOCOL + b"P7\n.", "a persistent id"),
    "extension code 1": (PROTOCOL + b"\x82\x01.", "an extension code"),
    "extension code 2": (PROTOCOL + b"\x83\x01\x00.", "an extension code"),
    "extension code 4": (PROTOCOL + b"\x84\x01\x00\x00\x00.", "an extension code"),
    "a buffer outside": (b"\x80\x05\x97.", "a buffer outside"),
    "an instance": (PROTOCOL + b"(iposix\nsystem\n.", "the opcode INST"),
    "an object with keywords": (PROTOCOL + b"cnumpy\nndarray\n)}\x92.", "the opcode NEWOBJ_EX"),
    "a text with a doubtful escape": (PROTOCOL + b"S'\\q'\n.", "the opcode STRING"),
    "a set of something": (PROTOCOL + b"\x8f(K\x01\x90.", "the opcode ADDITEMS"),
    "a set of a list of something": (pickle.dumps({1}, 2), "a call that official"),
    "an array type as an object": (PROTOCOL + b"cnumpy\nndarray\n)\x81.", "an object that official"),
    "a call of a network": (PROTOCOL + b"cdnnlib.tflib.network\nNetwork\n)R.", "a call that official"),
    "a state for a name": (PROTOCOL + b"cnumpy\nndarray\n}b.", "a state for what has none"),
    "a codec other than latin1": (
        PROTOCOL + b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R.",
        "a call",
    ),
    "objects in an array": (pickle.dumps(np.array([{}], dtype=object)), "an array of objects"),
    "texts in an array": (pickle.dumps(np.array(["a"])), "an array of 'U1'"),
    "numbers in an array": (pickle.dumps(np.arange(3)), "an array of 'i8'"),
    "fields in an array": (pickle.dumps(np.zeros(2, [("a", "f4")])), "an array of 'V4'"),
    "2^40 numbers": (array_of(long(1 << 40) + b"\x85"), "says that it has 4398046511104 bytes, and 4 are there"),
    "2^900 numbers": (array_of(b"(" + long(1 << 300) * 3 + b"t"), r"has more than 2\^64 bytes"),
    "no number beside 2^40": (array_of(b"K\x00" + long(1 << 40) + b"\x86", b"C\x00"), "a shape that none can have"),
    "a negative side": (array_of(b"J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86"), "a shape that none can have"),
    "a hundred axes": (array_of(b"(" + b"K\x01" * 100 + b"t"), "a shape that none can have"),
    "2^40 bytes": (
        PROTOCOL + b"\x8e" + struct.pack("<Q", 1 << 40) + b"abc.",
        "damaged or cut short after byte 0: expected",
    ),
    "2^40 characters": (
        PROTOCOL + b"\x8d" + struct.pack("<Q", 1 << 40) + b"abc.",
        "damaged or cut short after byte 0: expected",
    ),
    "2^31 bytes": (
        PROTOCOL + b"B" + struct.pack("<I", 0xFFFFFFF0) + b"abc.",
        "damaged or cut short after byte 0: expected",
    ),
    "a million lists in a list": (PROTOCOL + b"]" * MIB + b"a" * (MIB - 1) + b".", "more than 200000 steps"),
    "a million marks": (PROTOCOL + b"(" * MIB, "more than 200000 steps"),
    "deep tuples as a key": (PROTOCOL + b"})" + b"\x85" * 100_000 + b"Ns.", "whose keys are neither"),
    "a memo bomb": (memo_bomb(), "unfolds to more than the file's size"),
    "an empty stack": (PROTOCOL + b"R.", "damaged or cut short"),
    "a mark that is not there": (PROTOCOL + b"t.", "damaged or cut short"),
    "a memo that is not there": (PROTOCOL + b"h\x09.", "damaged or cut short"),
    "two values": (PROTOCOL + b"NN.", "does not end with one value"),
    "items for a number": (PROTOCOL + b"K\x01Na.", "items for what is no list"),
    "a text of protocol 0": (pickle.dumps([1], 0), "the opcode LIST"),
    "protocol 6": (b"\x80\x06N.", "protocol 6"),
    "no opcode": (b"\x80\x04\xff\xff", "damaged or cut short"),
}


@pytest.fixture
def bounded() -> Iterator[None]:
    """Far less memory and processor time than any of the bombs would take."""
    tracemalloc.start()
    began = time.process_time()
    yield
    assert time.process_time() - began < 10
    assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    tracemalloc.stop()


@pytest.mark.parametrize(("file", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_no_snapshot_holds_is_refused(bounded: None, file: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        unpickled(file)


def test_deep_nesting_takes_no_recursion(bounded: None) -> None:
    value = unpickled(PROTOCOL + b")" + b"\x85" * 150_000 + b".")
    for _ in range(150_000):
        assert isinstance(value, tuple)
        (value,) = value
    assert value == ()


def test_what_refers_to_itself_again_and_again_is_never_unfolded(bounded: None) -> None:
    doubled = b"".join(b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(60))
    value = unpickled(PROTOCOL + b"]q\x00" + doubled + b".")
    for _ in range(60):
        assert isinstance(value, tuple)
        value, same = value
        assert value is same
    assert value == []


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(3, dtype=">f4"),
        np.arange(3, dtype=np.float16),
        np.float32(2.5),
        np.array(2.5, np.float32),
        np.full(300, np.pi),
    ],
    ids=["rows", "columns", "big-endian", "half", "scalar", "rank 0", "double"],
)
def test_arrays_of_numpy_are_read_in_every_protocol(protocol: int, value: np.ndarray) -> None:
    found = unpickled(pickle.dumps(value, protocol))
    assert isinstance(found, PickledArray)
    assert found.values is not None
    assert found.values.dtype.kind == "f"
    np.testing.assert_array_equal(found.values, value)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_are_read_in_every_protocol(protocol: int) -> None:
    value = {"a": [1, -1, 1 << 40, 2.5, None, True, "ä"], "b": (b"x", (), {}, [[]]), "c" * 300: b"y" * 300, "d": b""}
    assert unpickled(pickle.dumps(value, protocol)) == value


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused_or_read_as_plain_values(tail: bytes) -> None:
    try:
        unpickled(PROTOCOL + tail)
    except BadFile as error:
        assert str(error)  # noqa: PT017
