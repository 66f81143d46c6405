"""The wire format of protocol buffers, as protobuf's page "Encoding" has it: what writing messages by hand takes."""

from enum import IntEnum

Part = bytes | memoryview


class Wire(IntEnum):
    """The layouts of a field's content."""

    VARINT = 0
    EIGHT_BYTES = 1
    DELIMITED = 2
    FOUR_BYTES = 5


def varint(value: int) -> bytes:
    """Encode an integer from 0 on, seven bits to a byte, the lowest first."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def key(number: int, wire: Wire) -> bytes:
    """Encode the key that a field begins with: its number and wire type."""
    return varint(number << 3 | wire)


def delimited(number: int, *parts: Part) -> tuple[Part, ...]:
    """Return a field with the content `parts`, not joined yet, so that deeply nested content is copied only once."""
    return key(number, Wire.DELIMITED), varint(sum(map(len, parts))), *parts
