import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.contract.reasons import Drop, Reason
from shared.pictures import Note, Picture, decode, flatten, thumbnail

Pixels = NDArray[numpy.int64]
REAL = Path(__file__).parents[4] / "shared/data/real/images"
ORIENTATION = 0x0112


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes) -> Picture:
    picture = decode(data)
    assert isinstance(picture, Picture), picture
    assert picture.image.info == {}
    assert picture.image.size == (picture.info.width, picture.info.height)
    return picture


def reduced(data: bytes, side: int) -> Picture:
    picture = thumbnail(data, side)
    assert isinstance(picture, Picture), picture
    return picture


def pixels(image: Image.Image) -> Pixels:
    return numpy.asarray(image).astype(numpy.int64)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two images of one size, in levels of 255."""
    assert one.mode == other.mode
    return float(abs(pixels(one) - pixels(other)).mean())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_a_lossless_file_decodes_to_its_exact_pixels(drawing: Image.Image, kind: str) -> None:
    picture = decoded(saved(drawing, kind))
    assert picture.profile is None
    assert picture.image.mode == "RGB"
    assert difference(picture.image, drawing) == 0


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_a_lossy_file_decodes_to_nearly_its_pixels(drawing: Image.Image, kind: str) -> None:
    assert difference(decoded(saved(drawing, kind, quality=95)).image, drawing) < 3


def test_alpha_is_kept(drawing: Image.Image) -> None:
    seen_through = drawing.convert("RGBA")
    seen_through.putalpha(drawing.convert("L"))
    picture = decoded(saved(seen_through, "PNG"))
    assert picture.image.mode == "RGBA"
    assert difference(picture.image, seen_through) == 0


def test_grey_becomes_rgb_and_grey_with_alpha_rgba(drawing: Image.Image) -> None:
    grey = drawing.convert("L")
    assert difference(decoded(saved(grey, "PNG")).image, grey.convert("RGB")) == 0
    with_alpha = grey.convert("LA")
    with_alpha.putalpha(128)
    assert difference(decoded(saved(with_alpha, "PNG")).image, with_alpha.convert("RGBA")) == 0


def test_one_bit_becomes_black_and_white(drawing: Image.Image) -> None:
    picture = decoded(saved(drawing.convert("1"), "PNG"))
    assert set(numpy.unique(pixels(picture.image))) == {0, 255}


def test_a_palette_becomes_rgb_and_one_with_a_transparent_colour_rgba(drawing: Image.Image) -> None:
    palette = drawing.quantize(16)
    assert difference(decoded(saved(palette, "PNG")).image, palette.convert("RGB")) == 0
    picture = decoded(saved(palette, "PNG", transparency=3))
    clear = numpy.asarray(palette) == 3
    assert picture.image.mode == "RGBA"
    assert (pixels(picture.image)[..., 3] == numpy.where(clear, 0, 255)).all()


def test_a_transparent_colour_of_a_grey_file_becomes_alpha(
    png: Callable[..., bytes], chunk: Callable[[bytes, bytes], bytes]
) -> None:
    data = png((64, 64), 8, 0, bytes(range(64)), before=chunk(b"tRNS", struct.pack(">H", 3)))
    assert pixels(decoded(data).image)[0, 2:5].tolist() == [[2, 2, 2, 255], [3, 3, 3, 0], [4, 4, 4, 255]]


def test_sixteen_bit_grey_is_scaled_and_not_clipped(png: Callable[..., bytes]) -> None:
    row = struct.pack(">64H", *range(0, 65536, 1024)[:63], 65535)
    picture = decoded(png((64, 64), 16, 0, row))
    expected = [round(v / 257) for v in (*range(0, 65536, 1024)[:63], 65535)]
    assert pixels(picture.image)[0, :, 0].tolist() == expected
    assert Note.SIXTEEN_BIT in picture.info.notes


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_colour_and_alpha_are_scaled_to_within_a_level(
    png: Callable[..., bytes], colour: int, channels: int
) -> None:
    levels = [1000 * i % 65536 for i in range(64 * channels)]
    picture = decoded(png((64, 64), 16, colour, struct.pack(f">{len(levels)}H", *levels)))
    stored = numpy.array(levels).reshape(64, channels) / 257
    if channels == 2:
        stored = stored[:, [0, 0, 0, 1]]
    assert abs(pixels(picture.image)[0] - stored).max() <= 1


def test_sixteen_bit_grey_tiff_of_either_byte_order_is_scaled() -> None:
    levels = numpy.linspace(0, 65535, 64 * 64).astype(numpy.uint16).reshape(64, 64)
    little = saved(Image.fromarray(levels), "TIFF")
    assert abs(pixels(decoded(little).image)[..., 0] - levels / 257).max() <= 0.51
    big = saved(Image.frombytes("I;16B", (64, 64), levels.astype(">u2").tobytes()), "TIFF")
    assert abs(pixels(decoded(big).image)[..., 0] - levels / 257).max() <= 0.51


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_becomes_rgb(drawing: Image.Image, kind: str) -> None:
    picture = decoded(saved(drawing.convert("CMYK"), kind, quality=95))
    assert difference(picture.image, drawing) < 3
    assert Note.CMYK in picture.info.notes


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_exif_orientation_is_applied(drawing: Image.Image, kind: str, orientation: int) -> None:
    """Expected are the rows and columns of the table in the EXIF standard, as NumPy turns them."""
    turned: dict[int, Callable[[Pixels], Pixels]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: a.transpose(1, 0, 2)[:, ::-1],
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: a.transpose(1, 0, 2)[::-1],
    }
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = decoded(saved(drawing, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {})))
    expected = turned[orientation](pixels(drawing))
    assert abs(pixels(picture.image) - expected).mean() < 3


def test_an_orientation_after_the_pixels_of_a_png_is_applied(
    png: Callable[..., bytes], chunk: Callable[[bytes, bytes], bytes]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = png((96, 64), 8, 0, bytes(range(96)), after=chunk(b"eXIf", exif.tobytes()[6:]))
    assert decoded(data).image.size == (64, 96)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "AVIF"])
def test_of_an_animation_the_first_frame_is_decoded(kind: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("#ff0000", "#0000ff")]
    picture = decoded(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert abs(pixels(picture.image)[32, 32, :3] - [255, 0, 0]).max() <= 3
    assert Note.ANIMATED in picture.info.notes


def test_bytes_after_the_picture_do_not_matter(drawing: Image.Image) -> None:
    polyglot = saved(drawing, "PNG") + b"PK\x03\x04 and so on: also an archive"
    assert difference(decoded(polyglot).image, drawing) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_truncated_file_is_dropped_as_truncated(drawing: Image.Image, kind: str, share: float) -> None:
    whole = saved(drawing, kind)
    part = whole[: int(len(whole) * share)]
    for answer in (decode(part), thumbnail(part, 32), thumbnail(part, 32, mode="L")):
        assert isinstance(answer, Drop)
        assert answer.reason is Reason.TRUNCATED


def test_a_truncated_progressive_jpeg_is_dropped_by_the_reduced_decoding_too(drawing: Image.Image) -> None:
    whole = saved(drawing.resize((1920, 1280)), "JPEG", progressive=True)
    answer = thumbnail(whole[: len(whole) * 3 // 4], 64, mode="L")
    assert isinstance(answer, Drop)
    assert answer.reason is Reason.TRUNCATED


def test_a_damaged_file_that_is_complete_is_dropped_as_corrupt(drawing: Image.Image) -> None:
    whole = saved(drawing, "PNG")
    half = len(whole) // 2
    answer = decode(whole[:half] + bytes(64) + whole[half + 64 :])
    assert isinstance(answer, Drop)
    assert answer.reason is Reason.CORRUPT


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_thumbnail_shows_the_whole_picture_with_its_aspect(drawing: Image.Image, kind: str) -> None:
    large = drawing.resize((1920, 1280), Image.Resampling.BICUBIC)
    picture = reduced(saved(large, kind), 96)
    assert picture.image.size == (96, 64)
    assert (picture.info.width, picture.info.height) == (1920, 1280)
    assert difference(picture.image, drawing.resize((96, 64), Image.Resampling.LANCZOS)) < 4


def test_a_grey_thumbnail_is_the_luma_of_the_picture(drawing: Image.Image) -> None:
    picture = thumbnail(saved(drawing, "JPEG", quality=95), 96, mode="L")
    assert isinstance(picture, Picture)
    assert difference(picture.image, drawing.convert("L").resize((96, 64), Image.Resampling.LANCZOS)) < 3


def test_a_thumbnail_is_never_enlarged(drawing: Image.Image) -> None:
    assert reduced(saved(drawing, "JPEG"), 1000).image.size == (192, 128)


def test_a_thumbnail_is_upright(drawing: Image.Image) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture = reduced(saved(drawing, "JPEG", exif=exif, quality=95), 96)
    upright = drawing.rotate(-90, expand=True).resize((64, 96), Image.Resampling.LANCZOS)
    assert difference(picture.image, upright) < 3


def test_the_transparent_parts_of_a_thumbnail_are_white() -> None:
    picture = reduced(saved(Image.new("RGBA", (64, 64), "#ff000000"), "PNG"), 32)
    assert picture.image.getcolors() == [(32 * 32, (255, 255, 255))]


def test_flattening_mixes_by_alpha_with_the_background() -> None:
    image = Image.new("RGBA", (3, 1))
    image.putdata([(200, 100, 0, 255), (200, 100, 0, 128), (200, 100, 0, 0)])
    flat = flatten(image, "#0000ff")
    assert flat.mode == "RGB"
    assert abs(pixels(flat)[0] - [[200, 100, 0], [100, 50, 127], [0, 0, 255]]).max() <= 1


def test_an_opaque_image_is_flat_already(drawing: Image.Image) -> None:
    assert flatten(drawing) is drawing


def test_many_threads_decode_as_one_does(drawing: Image.Image, cmyk_profile: bytes) -> None:
    files = [
        *(saved(drawing, kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")),
        saved(drawing.convert("CMYK"), "JPEG", icc_profile=cmyk_profile),
        saved(drawing.convert("RGBA"), "PNG")[:-80],
    ]

    def work(data: bytes) -> object:
        picture = decode(data)
        return picture if isinstance(picture, Drop) else (picture.image.tobytes(), picture.info)

    alone = [work(data) for data in files]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, files * 20)) == alone * 20


def test_every_real_picture_decodes_and_its_thumbnail_is_the_same_picture() -> None:
    if not REAL.is_dir():
        pytest.skip("the shelf with real pictures is not here")
    for path in sorted(REAL.iterdir())[::8]:
        data = path.read_bytes()
        picture, small = decoded(data), reduced(data, 64)
        coarse = [flatten(image).resize((16, 16)) for image in (picture.image, small.image)]
        assert difference(*coarse) < 4, path.name
