"""Whatever the bytes, the answer is a value: no exception and no warning (which pytest turns into one)."""

import warnings
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.contract.reasons import Drop, Reason
from shared.pictures import Limits, Picture, PictureInfo, decode, inspect, thumbnail

REAL = Path(__file__).parents[4] / "shared/data/real/images"
SMALL = Limits(max_pixels=300_000, min_side=1)
QUICK = settings(
    max_examples=250,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

Edit = tuple[str, float, bytes]
edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "cut", "end"]),
        st.floats(0, 1) | st.floats(0, 0.05),
        st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"]),
    ),
    min_size=1,
    max_size=6,
)


@cache
def originals() -> list[bytes]:
    """Small files of every format and of the kinds that take a way of their own through a decoder."""
    noise = numpy.random.default_rng(3).integers(0, 256, (16, 24, 3), dtype=numpy.uint8)
    image = Image.fromarray(noise).resize((96, 64))
    deep = Image.fromarray(numpy.arange(96 * 64, dtype=numpy.uint16).reshape(64, 96))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    moving: dict[str, object] = {"save_all": True, "append_images": [image.rotate(9)]}
    kinds: list[tuple[Image.Image, str, dict[str, object]]] = [
        *((image, kind, {}) for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")),
        *((image, kind, {"exif": exif}) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")),
        *((image, kind, moving) for kind in ("PNG", "GIF", "WEBP", "MPO")),
        *((image, "TIFF", {"compression": name}) for name in ("tiff_lzw", "jpeg", "tiff_adobe_deflate")),
        *((image.convert(mode), "PNG", {}) for mode in ("L", "LA", "RGBA", "P", "1")),
        (image, "JPEG", {"progressive": True}),
        (image.convert("CMYK"), "JPEG", {}),
        (image, "WEBP", {"lossless": True}),
        (deep, "PNG", {}),
        (deep, "TIFF", {}),
    ]
    return [saved(*kind) for kind in kinds]


def saved(image: Image.Image, kind: str, options: dict[str, object]) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def edited(data: bytes, changes: list[Edit]) -> bytes:
    for kind, place, value in changes:
        at = int(place * len(data))
        match kind:
            case "set":
                data = data[:at] + value + data[at + len(value) :]
            case "insert":
                data = data[:at] + value + data[at:]
            case "cut":
                data = data[:at] + data[at + len(value) :]
            case "end":
                data = data[: max(at, len(data) // 2)]
    return data


def looked_at(data: bytes) -> None:
    assert isinstance(inspect(data, SMALL), PictureInfo | Drop)
    assert isinstance(decode(data, SMALL), Picture | Drop)
    assert isinstance(thumbnail(data, 16, SMALL, "L"), Picture | Drop)


@QUICK
@given(data=st.binary(max_size=300))
def test_random_bytes_are_dropped(data: bytes) -> None:
    for answer in (inspect(data), decode(data), thumbnail(data, 16)):
        assert isinstance(answer, Drop)


@QUICK
@given(start=st.sampled_from([d[:40] for d in originals()]), rest=st.binary(max_size=300))
def test_random_bytes_behind_a_true_beginning_raise_nothing(start: bytes, rest: bytes) -> None:
    looked_at(start + rest)


@QUICK
@given(number=st.integers(0, len(originals()) - 1), changes=edits)
def test_a_damaged_file_raises_nothing(number: int, changes: list[Edit]) -> None:
    looked_at(edited(originals()[number], changes))


@QUICK
@given(number=st.integers(0, 5), changes=edits)
def test_a_damaged_real_file_raises_nothing(number: int, changes: list[Edit]) -> None:
    if not REAL.is_dir():
        pytest.skip("the shelf with real pictures is not here")
    smallest = sorted(REAL.iterdir(), key=lambda path: path.stat().st_size)[number]
    looked_at(edited(smallest.read_bytes(), changes))


def test_undamaged_files_are_all_decoded() -> None:
    assert all(isinstance(decode(data, SMALL), Picture) for data in originals())


def test_odd_metadata_neither_warns_nor_harms() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\x01"
    data = saved(Image.new("RGB", (64, 64)), "JPEG", {"exif": exif})
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert isinstance(decode(data), Picture)
    assert warned == []


def test_a_picture_above_pillows_own_limit_is_too_large_whatever_is_asked_for() -> None:
    header = saved(Image.new("1", (64, 64)), "BMP", {})
    huge = header[:18] + (20_000).to_bytes(4, "little") * 2 + header[26:]
    answer = inspect(huge, Limits(max_pixels=10**9))
    assert isinstance(answer, Drop)
    assert answer.reason is Reason.TOO_MANY_PIXELS
