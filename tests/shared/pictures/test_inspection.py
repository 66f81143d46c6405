import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from shared.contract.reasons import Drop, Reason
from shared.pictures import Format, Limits, Note, PictureInfo, decode, inspect, thumbnail

ROOT = Path(__file__).parents[3]
ORIENTATION = 0x0112
UPRIGHT = Image.Exif()
UPRIGHT[ORIENTATION] = 1


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def seen(data: bytes, limits: Limits | None = None) -> PictureInfo:
    info = inspect(data, limits or Limits())
    assert isinstance(info, PictureInfo), info
    return info


def refused(data: bytes, limits: Limits | None = None) -> Drop:
    """The drop that all three ways of looking at `data` agree upon."""
    limits = limits or Limits()
    answers = [inspect(data, limits), decode(data, limits), thumbnail(data, 64, limits)]
    assert isinstance(answers[0], Drop)
    assert answers == [answers[0]] * 3
    return answers[0]


def declaring(data: bytes, kind: Format, side: int) -> bytes:
    """`data`, a file of 192 x 128 pixels, with a header that declares a square of `side` pixels."""
    places = {
        Format.JPEG: (rb"(?s)(?<=\xff\xc0\0\x11\x08)....", struct.pack(">HH", side, side)),
        Format.GIF: (rb"(?s)(?<=GIF8[79]a)....", struct.pack("<HH", side, side)),
        Format.WEBP: (rb"(?s)(?<=VP8X........)......", struct.pack("<I", side - 1)[:3] * 2),
        Format.BMP: (rb"(?s)(?<=\x28\0\0\0)........", struct.pack("<II", side, side)),
        Format.TIFF: (rb"(?<=[\x00\x01]\x01\x04\x00\x01\x00\x00\x00)[\xc0\x80]\x00", struct.pack("<H", side)),
        Format.AVIF: (rb"(?s)(?<=ispe....)........", struct.pack(">II", side, side)),
    }
    pattern, header = places[kind]
    changed, count = re.subn(pattern, lambda _: header, data, count=2)
    assert count == (2 if kind is Format.TIFF else 1)
    return changed


@pytest.mark.parametrize(
    ("kind", "options", "lossless"),
    [
        ("JPEG", {}, False),
        ("PNG", {}, True),
        ("GIF", {}, True),
        ("WEBP", {}, False),
        ("WEBP", {"lossless": True}, True),
        ("WEBP", {"lossless": True, "exif": UPRIGHT}, True),
        ("BMP", {}, True),
        ("TIFF", {}, True),
        ("TIFF", {"compression": "tiff_lzw"}, True),
        ("TIFF", {"compression": "jpeg"}, False),
        ("AVIF", {}, False),
    ],
)
def test_format_size_and_losslessness_are_told_from_the_header(
    drawing: Image.Image, kind: str, options: dict[str, object], lossless: bool
) -> None:
    info = seen(saved(drawing, kind, **options))
    assert (info.format, info.width, info.height) == (kind.lower(), 192, 128)
    assert info.lossless is lossless
    assert info.depth == (None if kind == "AVIF" else 8)
    assert not info.has_alpha
    assert not info.has_profile


@pytest.mark.parametrize(
    ("mode", "kind", "note"),
    [
        ("CMYK", "JPEG", Note.CMYK),
        ("P", "PNG", Note.PALETTE),
        ("L", "JPEG", Note.GREY),
        ("1", "PNG", Note.GREY),
        ("LA", "PNG", Note.GREY),
    ],
)
def test_an_unusual_colour_mode_is_noted(drawing: Image.Image, mode: str, kind: str, note: Note) -> None:
    info = seen(saved(drawing.convert(mode), kind))
    assert info.notes == {note}
    assert info.mode == mode


def test_sixteen_bits_are_noted(png: Callable[..., bytes]) -> None:
    info = seen(png((64, 64), 16, 2, bytes(64 * 6)))
    assert info.depth == 16
    assert info.notes == {Note.SIXTEEN_BIT}


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "AVIF"])
def test_an_animation_is_noted(drawing: Image.Image, kind: str) -> None:
    moving = saved(drawing, kind, save_all=True, append_images=[drawing.rotate(90)])
    assert Note.ANIMATED in seen(moving).notes
    assert Note.ANIMATED not in seen(saved(drawing, kind)).notes


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_width_and_height_are_those_after_exif_orientation(drawing: Image.Image, kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    info = seen(saved(drawing, kind, exif=exif))
    assert (info.width, info.height) == (128, 192)
    assert info.notes == {Note.ROTATED}


def test_alpha_and_profile_are_told(drawing: Image.Image) -> None:
    info = seen(saved(drawing.convert("RGBA"), "PNG", icc_profile=b"some profile"))
    assert info.has_alpha
    assert info.has_profile


def test_a_picture_under_a_wrong_name_is_known_by_its_bytes_alone(drawing: Image.Image) -> None:
    assert seen(saved(drawing, "WEBP")).format is Format.WEBP


def test_no_bytes_are_an_empty_file() -> None:
    assert refused(b"").reason is Reason.EMPTY_FILE


def test_more_bytes_than_allowed_are_not_looked_at(drawing: Image.Image) -> None:
    assert refused(saved(drawing, "PNG"), Limits(max_bytes=100)).reason is Reason.TOO_MANY_BYTES


@pytest.mark.parametrize("kind", Format)
def test_more_pixels_than_allowed_are_not_decoded(drawing: Image.Image, kind: Format) -> None:
    drop = refused(saved(drawing, kind), Limits(max_pixels=192 * 128 - 1))
    assert drop == Drop(Reason.TOO_MANY_PIXELS, "192 x 128 pixels, at most 24575 are decoded")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><title>404</title>", "an HTML page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing, which Magritte does not draw"),
        (bytes(range(1, 255)), "in no format that Magritte knows"),
    ],
)
def test_what_is_no_picture_is_dropped_with_what_it_looks_like(data: bytes, words: str) -> None:
    assert refused(data) == Drop(Reason.NOT_A_PICTURE, f"it is {words}")


def test_a_signature_and_nothing_else_is_truncated(drawing: Image.Image) -> None:
    assert refused(b"\x89PNG\r\n\x1a\n").reason is Reason.TRUNCATED
    assert refused(saved(drawing, "JPEG")[:30]).reason is Reason.TRUNCATED


def test_measurements_are_no_picture(drawing: Image.Image) -> None:
    assert refused(saved(drawing.convert("F"), "TIFF")).reason is Reason.NOT_A_PICTURE


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((1, 1), Reason.TOO_SMALL),
        ((31, 200), Reason.TOO_SMALL),
        ((1, 30_000), Reason.TOO_ELONGATED),
        ((30_000, 1), Reason.TOO_ELONGATED),
        ((257, 32), Reason.TOO_ELONGATED),
    ],
)
def test_a_picture_of_unusable_shape_is_dropped(size: tuple[int, int], reason: Reason) -> None:
    drop = refused(saved(Image.new("RGB", size), "PNG"))
    assert drop.reason is reason
    assert f"{size[0]} x {size[1]}" in drop.detail


def test_a_picture_exactly_at_the_limits_is_accepted() -> None:
    limits = Limits(max_pixels=32 * 256, min_side=32, max_elongation=8)
    assert seen(saved(Image.new("RGB", (32, 256)), "PNG"), limits).height == 256


@pytest.fixture(scope="module")
def bombs(drawing: Image.Image, png: Callable[..., bytes], chunk: Callable[[bytes, bytes], bytes]) -> list[bytes]:
    """Small files that declare 50 000 x 50 000 pixels (AVIF: 16 000) or hold texts of 70 MB and more."""
    text = zlib.compress(bytes(200_000_000), 1)
    texts = [
        chunk(b"zTXt", b"a\0\0" + text),
        chunk(b"iTXt", b"a\0\1\0\0\0" + text),
        chunk(b"iCCP", b"a\0\0" + text),
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000), 9)) * 70,
    ]
    return [
        png((50_000, 50_000), 8, 2, bytes(150_000)),
        *(
            declaring(saved(drawing, kind, exif=UPRIGHT), kind, 16_000 if kind is Format.AVIF else 50_000)
            for kind in Format
            if kind is not Format.PNG
        ),
        *(png((64, 64), 8, 0, bytes(64), before=text) for text in texts),
        *(png((64, 64), 8, 0, bytes(64), after=text) for text in texts),
    ]


def test_a_bomb_is_refused_before_memory_is_allocated(bombs: list[bytes], tmp_path: Path) -> None:
    for i, bomb in enumerate(bombs):
        assert len(bomb) < 1_000_000
        (tmp_path / f"{i:02d}").write_bytes(bomb)
    script = """
import resource, sys
from pathlib import Path
from shared.pictures import decode, thumbnail
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (mapped + 150_000_000,) * 2)
for path in sorted(Path(sys.argv[1]).iterdir()):
    print(*(look(path.read_bytes()).reason for look in (decode, lambda data: thumbnail(data, 64))))
"""
    if not Path("/proc/self/statm").exists():
        pytest.skip("the size of a process is read from /proc")
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["too-many-pixels"] * 2 * 7 + ["text-bomb"] * 2 * 8, done.stderr
