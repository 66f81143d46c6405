import struct
from collections.abc import Callable

import numpy
import pytest
from numpy.typing import NDArray

Matrix = NDArray[numpy.float64]
Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

# Chromaticities of red, green and blue: IEC 61966-2-1, SMPTE EG 432-1 and Adobe RGB (1998). All have D65's white.
SRGB: Primaries = (0.640, 0.330), (0.300, 0.600), (0.150, 0.060)
DISPLAY_P3: Primaries = (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)
ADOBE_RGB: Primaries = (0.640, 0.330), (0.210, 0.710), (0.150, 0.060)
D65 = numpy.array([0.95047, 1.0, 1.08883])
D50 = numpy.array([0.9642, 1.0, 0.8249])
BRADFORD = numpy.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SPACES = {"sRGB": SRGB, "Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB}


def _to_xyz(primaries: Primaries) -> Matrix:
    """The matrix from linear RGB to XYZ under D65 (Lindbloom, RGB/XYZ matrices)."""
    columns = numpy.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    return columns * numpy.linalg.solve(columns, D65)


def _fixed(values: NDArray[numpy.float64]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(v * 65536) for v in values))


def srgb_curve(linear: Matrix) -> Matrix:
    """IEC 61966-2-1: linear light to the encoded value, both 0 to 1."""
    return numpy.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clip(0.0031308) ** (1 / 2.4) - 0.055)


def srgb_light(value: Matrix) -> Matrix:
    """The inverse of `srgb_curve`."""
    return numpy.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


@pytest.fixture(scope="session")
def rgb_profile() -> Callable[..., bytes]:
    """A version 2 matrix profile of a named space with sRGB's curve, or with a plain gamma."""

    def rgb_profile(space: str, gamma: float | None = None) -> bytes:
        adapt = numpy.linalg.solve(BRADFORD, numpy.diag(BRADFORD @ D50 / (BRADFORD @ D65)) @ BRADFORD)
        columns = (adapt @ _to_xyz(SPACES[space])).T
        if gamma is None:
            curve = (srgb_light(numpy.linspace(0, 1, 1024)) * 65535).round().astype(">u2").tobytes()
            curve = struct.pack(">4s4xI", b"curv", 1024) + curve
        else:
            curve = struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256)) + bytes(2)
        tags = {b"wtpt": _fixed(D50)}
        for channel, column in zip((b"r", b"g", b"b"), columns, strict=True):
            tags |= {channel + b"XYZ": _fixed(column), channel + b"TRC": curve}
        table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
        for name, data in tags.items():
            table += name + struct.pack(">II", start + len(body), len(data))
            body += data
        kind = (start + len(body), 0, 2, b"mntr", b"RGB ", b"XYZ ", b"acsp")
        header = struct.pack(">IIB3x4s4s4s12x4s", *kind) + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
        return header.ljust(128, b"\0") + table + body

    return rgb_profile


@pytest.fixture(scope="session")
def expected_srgb() -> Callable[[str, Matrix, float | None], Matrix]:
    """What values 0 to 255 of a named space are in sRGB by the matrices alone, out-of-gamut ones cut off."""

    def expected_srgb(space: str, values: Matrix, gamma: float | None = None) -> Matrix:
        light = srgb_light(values / 255) if gamma is None else (values / 255) ** gamma
        linear = light @ (numpy.linalg.inv(_to_xyz(SRGB)) @ _to_xyz(SPACES[space])).T
        return 255 * srgb_curve(linear.clip(0, 1))

    return expected_srgb
