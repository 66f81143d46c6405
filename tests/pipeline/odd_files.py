"""Files as they really lie in folders of downloads: useless ones, and odd ones that hold a good drawing."""

import io
import os
import struct
import zlib
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageCms

from demo.character import any_character, any_pose
from demo.drawing import any_placement, background, draw, figure, render
from shared.contract.reasons import Reason
from shared.pictures import Note

SIZE = (360, 450)

NOTES = {
    "inks.jpg": Note.CMYK,
    "deep.png": Note.SIXTEEN_BIT,
    "see-through-grey.png": Note.GREY,
    "few-colours.png": Note.PALETTE,
    "lying.jpg": Note.ROTATED,
    "wide.png": None,
    "moving.gif": Note.ANIMATED,
    "moving.webp": Note.ANIMATED,
    "moving.png": Note.ANIMATED,
    "of-another-kind.png": "wrong-extension",
}
"""Odd files, and what is noted about each."""

REASONS = {
    "nothing.jpg": Reason.EMPTY_FILE,
    "half.jpg": Reason.TRUNCATED,
    "gone.jpg": Reason.NOT_A_PICTURE,
    "vectors.jpg": Reason.NOT_A_PICTURE,
    "enormous.png": Reason.TOO_MANY_PIXELS,
    "talkative.png": Reason.TEXT_BOMB,
    "profiled.png": Reason.TEXT_BOMB,
    "scratched.png": Reason.CORRUPT,
    "dot.png": Reason.TOO_SMALL,
    "line.png": Reason.TOO_ELONGATED,
    "crowd.jpg": Reason.TOO_MANY_FACES,
    "nowhere.png": Reason.UNREADABLE_FILE,
    "in-circles.png": Reason.UNREADABLE_FILE,
}
"""Useless files, and why each is dropped."""


def plain(name: str) -> Image.Image:
    """The drawing in the odd file of that name, before anything was done to it; animeface finds each of them."""
    random = Random(f"odd {name}")
    return Image.open(io.BytesIO(draw(any_character(random), any_pose(random), random, SIZE))).convert("RGB")


def expected(name: str) -> Image.Image:
    """What the odd file of that name looks like on a screen with a white background."""
    drawing = plain(name)
    if NOTES[name] is not Note.GREY:
        return drawing
    see_through = _see_through(drawing)
    grey = Image.new("L", SIZE, 255)
    grey.paste(see_through.getchannel("L"), mask=see_through.getchannel("A"))
    return grey.convert("RGB")


def write_odd(folder: Path) -> None:
    """All odd files."""
    images = {name: plain(name) for name in NOTES}
    images["inks.jpg"].convert("CMYK").save(folder / "inks.jpg", quality=95)
    (folder / "deep.png").write_bytes(_sixteen_bit(images["deep.png"]))
    _see_through(images["see-through-grey.png"]).save(folder / "see-through-grey.png")
    images["few-colours.png"].quantize(128).save(folder / "few-colours.png")
    lying = Image.Exif()
    lying[0x0112] = 6
    images["lying.jpg"].transpose(Image.Transpose.ROTATE_90).save(folder / "lying.jpg", quality=95, exif=lying)
    wide = prophoto_profile()
    _in_profile(images["wide.png"], wide).save(folder / "wide.png", icc_profile=wide)
    grey = Image.new("RGB", SIZE, "#777777")
    for name in ("moving.gif", "moving.png"):
        images[name].save(folder / name, save_all=True, append_images=[grey])
    images["moving.webp"].save(folder / "moving.webp", save_all=True, append_images=[grey], lossless=True)
    images["of-another-kind.png"].save(folder / "of-another-kind.png", "JPEG", quality=95)


def write_useless(folder: Path) -> None:
    """All useless files; the last two of `REASONS` cannot even be opened. And a pipe, which is no file at all."""
    jpeg = io.BytesIO()
    plain("half.jpg").save(jpeg, "JPEG")
    png = io.BytesIO()
    plain("scratched.png").save(png, "PNG")
    for name, data in {
        "nothing.jpg": b"",
        "half.jpg": jpeg.getvalue()[: len(jpeg.getvalue()) // 2],
        "gone.jpg": b"<!doctype html><title>404</title><p>The picture is gone.</p>",
        "vectors.jpg": b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><circle r="40"/></svg>',
        "enormous.png": _png((50_000, 50_000), [(b"IDAT", zlib.compress(bytes(1000)))]),
        "talkative.png": _png((90, 90), [(b"zTXt", b"Comment\0\0" + _bomb()), (b"IDAT", zlib.compress(_rows(90)))]),
        "profiled.png": _png((90, 90), [(b"iCCP", b"sRGB\0\0" + _bomb()), (b"IDAT", zlib.compress(_rows(90)))]),
        "scratched.png": _scratched(png.getvalue()),
        "crowd.jpg": crowd(16, 13),
    }.items():
        (folder / name).write_bytes(data)
    Image.new("RGB", (1, 1), "red").save(folder / "dot.png")
    Image.new("RGB", (1, 30_000), "red").save(folder / "line.png")
    (folder / "nowhere.png").symlink_to("what-was-deleted.png")
    (folder / "in-circles.png").symlink_to("in-circles.png")
    os.mkfifo(folder / "pipe.png")  # who opens it waits for ever


def crowd(columns: int, rows: int) -> bytes:
    """A JPEG of so many strangers, each in a square of 150 pixels."""
    random, cell = Random("crowd"), 150
    strangers = "".join(
        f'<svg x="{column * cell}" y="{row * cell}" width="{cell}" height="{cell}">{background(random, (cell, cell))}'
        f"{figure(any_character(random), any_pose(random), any_placement(random, (cell, cell)))}</svg>"
        for row in range(rows)
        for column in range(columns)
    )
    file = io.BytesIO()
    drawing = render(strangers, (columns * cell, rows * cell))
    Image.open(io.BytesIO(drawing)).convert("RGB").save(file, "JPEG", quality=92)
    return file.getvalue()


def prophoto_profile() -> bytes:
    """A version 2 ICC profile of ROMM RGB (ISO 22028-2): primaries beyond what eyes see, gamma 1.8."""
    colours = {
        b"wtpt": (0.9642, 1.0, 0.8249),
        b"rXYZ": (0.7977, 0.2880, 0.0),
        b"gXYZ": (0.1352, 0.7119, 0.0),
        b"bXYZ": (0.0313, 0.0001, 0.8249),
    }
    tags = {name: struct.pack(">4s4x3i", b"XYZ ", *(round(v * 65536) for v in xyz)) for name, xyz in colours.items()}
    curve = struct.pack(">4s4xIH2x", b"curv", 1, round(1.8 * 256))
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    kinds = start + len(body), 0, 2, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    header = struct.pack(">IIB3x4s4s4s12x4s28x3i", *kinds, 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


def _in_profile(image: Image.Image, profile: bytes) -> Image.Image:
    to = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), to)
    assert converted is not None
    return converted


def _see_through(image: Image.Image) -> Image.Image:
    """Grey, its lowest tenth transparent."""
    grey = image.convert("LA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, image.height * 9 // 10, *image.size))
    grey.putalpha(alpha)
    return grey


def _sixteen_bit(image: Image.Image) -> bytes:
    rows = (np.asarray(image).astype(">u2") * 257).reshape(image.height, -1)
    pixels = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    return _png(image.size, [(b"IDAT", zlib.compress(pixels))], depth=16)


def _scratched(png: bytes) -> bytes:
    """A complete PNG of which a piece in the middle of its pixels was overwritten."""
    middle = len(png) // 2
    return png[:middle] + bytes(64) + png[middle + 64 :]


def _bomb() -> bytes:
    return zlib.compress(bytes(100_000_000), 9)


def _rows(side: int) -> bytes:
    return (b"\0" + bytes(3 * side)) * side


def _png(size: tuple[int, int], chunks: list[tuple[bytes, bytes]], depth: int = 8) -> bytes:
    """An RGB PNG of these chunks."""
    header = struct.pack(">IIBBBBB", *size, depth, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
