from io import BytesIO

import pytest
from PIL import Image

from shared.pictures.formats import Format, appearance, format_of, is_cut_short


def saved(drawing: Image.Image, kind: Format) -> bytes:
    file = BytesIO()
    drawing.save(file, kind.value)
    return file.getvalue()


@pytest.mark.parametrize("kind", Format)
def test_each_format_is_known_by_its_first_bytes(drawing: Image.Image, kind: Format) -> None:
    assert format_of(saved(drawing, kind)) is kind


@pytest.mark.parametrize("kind", Format)
def test_a_half_file_of_each_format_is_cut_short_and_a_whole_one_is_not(drawing: Image.Image, kind: Format) -> None:
    whole = saved(drawing, kind)
    assert not is_cut_short(whole, kind)
    assert is_cut_short(whole[: len(whole) // 2] if kind is not Format.TIFF else whole[:8], kind)


def test_an_embedded_thumbnails_end_does_not_make_a_truncated_jpeg_whole(drawing: Image.Image) -> None:
    whole, thumbnail = (saved(image, Format.JPEG) for image in (drawing, drawing.resize((32, 32))))
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    assert is_cut_short(whole[:2] + segment + whole[2:-50], Format.JPEG)


def test_the_first_extension_of_a_format_belongs_to_no_other() -> None:
    usual = [kind.extensions[0] for kind in Format]
    assert usual == ["jpg", "png", "gif", "webp", "bmp", "tif", "avif"]
    assert len({extension for kind in Format for extension in kind.extensions}) == sum(
        len(kind.extensions) for kind in Format
    )


@pytest.mark.parametrize(
    ("data", "phrase"),
    [
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"\xef\xbb\xbf\n <HTML lang=en>", "an HTML page"),
        (b"<!-- cached --><html>", "an HTML page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "an SVG drawing"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE svg>\n<svg width='1'>", "an SVG drawing"),
        (b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code>", "an XML document"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "an MP4 video"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b'{"error": "not found"}', "JSON text"),
        (b"BMW makes cars, and this is a text about them.", "plain text"),
        (bytes(range(128, 228)), "in no format"),
    ],
)
def test_what_is_no_picture_is_told_by_its_looks(data: bytes, phrase: str) -> None:
    assert format_of(data) is None
    assert appearance(data).startswith(phrase)
