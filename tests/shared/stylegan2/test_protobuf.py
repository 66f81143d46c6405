import pytest

from shared.stylegan2.protobuf import Wire, delimited, key, varint


@pytest.mark.parametrize(
    ("value", "encoded"), [(0, b"\x00"), (1, b"\x01"), (127, b"\x7f"), (128, b"\x80\x01"), (150, b"\x96\x01")]
)
def test_whole_numbers_are_written_as_protobufs_page_has_them(value: int, encoded: bytes) -> None:
    assert varint(value) == encoded


def test_a_field_begins_with_its_number_and_wire_type() -> None:
    assert key(1, Wire.VARINT) == b"\x08"
    assert key(2, Wire.DELIMITED) == b"\x12"


def test_the_parts_of_a_field_are_counted_together() -> None:
    assert b"".join(delimited(2, b"test", memoryview(b"ing"))) == b"\x12\x07testing"
