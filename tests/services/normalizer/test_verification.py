from io import BytesIO

import pytest
from PIL import Image, ImageCms

from services.normalizer.verification import verify_picture
from shared.contract.reasons import Drop, Reason
from shared.pictures import Format, encode_jpeg, encode_png

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GOOD = Image.linear_gradient("L").convert("RGB").resize((64, 64))


def rotated() -> bytes:
    file, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    GOOD.save(file, "PNG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("size", [4, 64, 1024])
def test_what_was_written_as_it_should_be_passes(size: int) -> None:
    image = GOOD.resize((size, size))
    assert verify_picture(encode_png(image), size, Format.PNG) is None
    assert verify_picture(encode_jpeg(image, 95), size, Format.JPEG) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encode_png(GOOD.resize((64, 63))), "64 x 63"),
        (encode_png(GOOD.resize((128, 128))), "128 x 128"),
        (encode_png(GOOD.convert("RGBA")), "RGBA"),
        (encode_png(GOOD.convert("L")), "L PNG"),
        (encode_jpeg(GOOD, 95), "JPEG"),
        (encode_png(GOOD, SRGB), "with a profile"),
        (rotated(), "exif-rotated"),
        (encode_png(GOOD)[:100], "not to be read"),
        (b"", "0 bytes"),
    ],
)
def test_what_is_not_to_measure_is_dropped_and_told(data: bytes, words: str) -> None:
    drop = verify_picture(data, 64, Format.PNG)
    assert isinstance(drop, Drop)
    assert drop.reason is Reason.NOT_VERIFIED
    assert words in drop.detail
