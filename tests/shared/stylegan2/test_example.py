from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stylegan2.errors import BadFile
from shared.stylegan2.example import decode_picture, encode_picture

PIXELS = bytes(range(16))


def field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def feature(name: bytes, kind: int, items: bytes) -> bytes:
    return field(1, field(1, name) + field(2, field(kind, items)))


DATA = feature(b"data", 1, field(1, PIXELS))
SHAPE = feature(b"shape", 3, field(1, bytes([1, 4, 4])))


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 4, 4), (3, 128, 128), (1, 256, 256)])
def test_a_picture_comes_back_as_it_went_in(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert np.array_equal(decode_picture(encode_picture(picture)), picture)


def test_a_picture_that_is_not_contiguous_is_written_in_the_order_of_its_axes() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 4, 3), np.uint8).transpose(2, 1, 0)
    assert np.array_equal(decode_picture(encode_picture(picture)), picture)


def test_the_bytes_are_those_of_the_official_messages() -> None:
    assert encode_picture(np.frombuffer(PIXELS, np.uint8).reshape(1, 4, 4)) == field(1, DATA + SHAPE)


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(field(1, SHAPE + DATA), id="shape before data"),
        pytest.param(field(1, SHAPE) + field(1, DATA), id="features in two parts"),
        pytest.param(field(1, DATA + feature(b"shape", 3, b"\x08\x01\x08\x04\x08\x04")), id="unpacked integers"),
        pytest.param(field(1, DATA + SHAPE + feature(b"label", 2, b"")), id="another feature"),
        pytest.param(
            field(1, DATA + SHAPE) + b"\x48\x96\x01" + b"\x51" + bytes(8) + b"\x5d" + bytes(4), id="unknown fields"
        ),
    ],
)
def test_every_encoding_that_protobuf_allows_is_read(example: bytes) -> None:
    assert decode_picture(example).tobytes() == PIXELS
    assert decode_picture(example).shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("example", "complaint"),
    [
        (b"", "no feature 'data'|no feature 'shape'"),
        (field(1, DATA), "no feature 'shape'"),
        (field(1, SHAPE), "no feature 'data'"),
        (field(1, DATA + feature(b"shape", 3, field(1, bytes([4, 4])))), "2 sizes and 1 data values"),
        (field(1, feature(b"data", 1, b"") + SHAPE), "3 sizes and 0 data values"),
        (field(1, DATA + feature(b"shape", 3, field(1, bytes([3, 4, 4])))), "16 bytes for a picture of shape"),
        (field(1, DATA + feature(b"shape", 3, field(1, bytes([0, 4, 4])))), "16 bytes for a picture of shape"),
        (b"\x0a\x7f", "beyond the end"),
        (b"\x0b", "wire type 3"),
        (b"\xff" * 11, "does not end"),
        (b"\x08", "does not end"),
    ],
)
def test_what_is_no_picture_is_poison_that_says_why(example: bytes, complaint: str) -> None:
    with pytest.raises(BadFile, match=complaint):
        decode_picture(example)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_a_picture_or_poison(example: bytes) -> None:
    with suppress(BadFile):
        decode_picture(example)


@given(st.integers(0, len(field(1, DATA + SHAPE)) - 1), st.integers(1, 255))
def test_an_example_with_a_flipped_byte_is_a_picture_of_the_same_size_or_poison(place: int, flip: int) -> None:
    example = bytearray(field(1, DATA + SHAPE))
    example[place] ^= flip
    with suppress(BadFile):
        assert decode_picture(bytes(example)).nbytes == len(PIXELS)
