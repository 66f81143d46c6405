import struct
import zlib
from collections.abc import Callable

import numpy
import pytest
from PIL import Image
from PIL.Image import Resampling


@pytest.fixture(scope="session")
def drawing() -> Image.Image:
    """192 x 128 pixels of smooth colours, every corner another."""
    noise = numpy.random.default_rng(7).integers(0, 256, (8, 12, 3), dtype=numpy.uint8)
    return Image.fromarray(noise).resize((192, 128), Resampling.BICUBIC)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.fixture(scope="session")
def chunk() -> Callable[[bytes, bytes], bytes]:
    """A PNG chunk of a kind with a body."""
    return _chunk


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    """A PNG of a size, depth and colour type from its unfiltered rows, with chunks before and after its pixels."""

    def png(
        size: tuple[int, int], depth: int, colour: int, row: bytes, before: bytes = b"", after: bytes = b""
    ) -> bytes:
        header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
        pixels = zlib.compress((b"\0" + row) * min(size[1], 1000))
        parts = _chunk(b"IHDR", header), before, _chunk(b"IDAT", pixels), after, _chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

    return png


@pytest.fixture(scope="session")
def icc() -> Callable[[bytes, dict[bytes, bytes]], bytes]:
    """A version 2 ICC profile of a colour space from its tags; its connection space is Lab for CMYK, else XYZ."""

    def icc(space: bytes, tags: dict[bytes, bytes]) -> bytes:
        table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
        for name, data in tags.items():
            table += name + struct.pack(">II", start + len(body), len(data))
            body += data + bytes(-len(data) % 4)
        # A scanner's: of a printer's, lcms2 finds the black point only if it has tables for both directions.
        kind, connection = (b"scnr", b"Lab ") if space == b"CMYK" else (b"mntr", b"XYZ ")
        header = struct.pack(">IIB3x4s4s4s12x4s", start + len(body), 0, 2, kind, space, connection, b"acsp")
        illuminant = struct.pack(">3i", 63190, 65536, 54061)
        return (header + bytes(28) + illuminant).ljust(128, b"\0") + table + body

    return icc


@pytest.fixture(scope="session")
def grey_profile(icc: Callable[[bytes, dict[bytes, bytes]], bytes]) -> bytes:
    """Grey with a gamma of 1.0: linear light."""
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    return icc(b"GRAY", {b"wtpt": white, b"kTRC": struct.pack(">4s4xI", b"curv", 0)})


@pytest.fixture(scope="session")
def cmyk_profile(icc: Callable[[bytes, dict[bytes, bytes]], bytes]) -> bytes:
    """Inks of which cyan looks like sRGB's red and black is a dark grey (L* of 12); the others cannot be seen."""
    white, red, black = bytes([255, 128, 128]), bytes([136, 208, 195]), bytes([30, 128, 128])
    corners = [black if i & 1 else red if i & 8 else white for i in range(16)]
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *[65536, 0, 0, 0] * 2, 65536)
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + b"".join(corners) + ramp * 3
    paper = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    return icc(b"CMYK", {b"wtpt": paper, b"A2B0": lut, b"A2B1": lut})
