from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from shared.pictures import Compression, Picture, decode, encode_jpeg, encode_png, to_image

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def decoded(data: bytes) -> Picture:
    picture = decode(data)
    assert isinstance(picture, Picture)
    return picture


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_png_gives_back_every_pixel(drawing: Image.Image, mode: str, compression: Compression) -> None:
    image = drawing.convert(mode)
    picture = decoded(encode_png(image, compression=compression))
    assert picture.image.mode == mode
    assert picture.image.tobytes() == image.tobytes()


def test_small_is_smaller_than_fast(drawing: Image.Image) -> None:
    large = drawing.resize((768, 512), Image.Resampling.BICUBIC)
    fast, small = (len(encode_png(large, compression=c)) for c in (Compression.FAST, Compression.SMALL))
    assert small < fast < len(large.tobytes())


def test_a_profile_is_written_and_read_back(drawing: Image.Image) -> None:
    assert decoded(encode_png(drawing, SRGB)).profile == SRGB
    assert decoded(encode_jpeg(drawing, 90, SRGB)).profile == SRGB


def test_the_same_pixels_give_the_same_bytes_whatever_the_image_carries(drawing: Image.Image) -> None:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    drawing.save(file, "PNG", exif=exif, dpi=(300, 300), icc_profile=SRGB)
    laden = Image.open(file)
    laden.info["comment"] = b"a comment"
    assert laden.tobytes() == drawing.tobytes()
    assert encode_png(laden) == encode_png(drawing)
    assert encode_jpeg(laden, 90) == encode_jpeg(drawing, 90)
    assert "icc_profile" in laden.info


def test_a_jpeg_keeps_colours_at_full_resolution() -> None:
    stripes = Image.new("RGB", (64, 64), "#ff0000")
    for x in range(0, 64, 2):
        stripes.paste("#0000ff", (x, 0, x + 1, 64))
    found = decoded(encode_jpeg(stripes, 95)).image
    pairs = zip(found.tobytes(), stripes.tobytes(), strict=True)
    assert max(abs(one - other) for one, other in pairs) < 40


def test_pixels_become_an_image_of_the_same_pixels_grey_or_in_colour() -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    assert np.array_equal(np.asarray(to_image(pixels)), pixels)
    grey = to_image(pixels[:, :, :1])
    assert (grey.mode, grey.size) == ("L", (3, 2))
    assert np.array_equal(np.asarray(grey), pixels[:, :, 0])
