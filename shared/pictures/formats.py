"""Recognises file formats by their bytes; names and media types are not trusted."""

import re
from enum import StrEnum


class Format(StrEnum):
    """The file formats that are read. A value in capitals is Pillow's name of the format."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    BMP = "bmp"
    TIFF = "tiff"
    AVIF = "avif"

    @property
    def extensions(self) -> tuple[str, ...]:
        """File name extensions in use for the format, without the dot, the usual one first."""
        return _EXTENSIONS[self]


_EXTENSIONS = {
    Format.JPEG: ("jpg", "jpeg", "jpe", "jfif"),
    Format.PNG: ("png", "apng"),
    Format.GIF: ("gif",),
    Format.WEBP: ("webp",),
    Format.BMP: ("bmp", "dib"),
    Format.TIFF: ("tif", "tiff"),
    Format.AVIF: ("avif", "avifs"),
}

# "BM" alone also starts plain texts; the four bytes that hold the size of the second header settle it.
_SIGNATURES = {
    Format.JPEG: rb"\xff\xd8\xff",
    Format.PNG: rb"\x89PNG\r\n\x1a\n",
    Format.GIF: rb"GIF8[79]a",
    Format.WEBP: rb"RIFF.{4}WEBP",
    Format.BMP: rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    Format.TIFF: rb"II[*+]\0|MM\0[*+]",
    Format.AVIF: rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1).{4}(?:.{4}){0,7}avi[fs])",
}

_STRANGERS = {
    rb"\s*(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html|<head|<body|<title)": "an HTML page",
    rb"\s*(?:<\?xml.*?)?(?:<!.*?)?<svg\b": "an SVG drawing, which Magritte does not draw",
    rb"\s*<\?xml": "an XML document",
    rb"%PDF-": "a PDF document",
    rb"PK\x03\x04": "a ZIP archive, as Pixiv keeps its animations in",
    rb"Rar!|7z\xbc\xaf": "an archive of files",
    rb".{4}ftyp(?:hei|hev|mif1|msf1)": "a HEIC picture, which Magritte does not read",
    rb".{4}ftyp": "an MP4 video",
    rb"\x1aE\xdf\xa3": "a WebM video",
    rb"\xff\x0a|\0\0\0\x0cJXL ": "a JPEG XL picture, which Magritte does not read",
    rb"\0\0\0\x0cjP": "a JPEG 2000 picture, which Magritte does not read",
    rb"8BPS": "a Photoshop document, which Magritte does not read",
    rb"[FCZ]WS": "a Flash animation",
    rb"\x1f\x8b": "gzip-compressed data",
    rb"\s*[{\[]": "JSON text",
    rb"[\t\n\r\x20-\x7e]+\Z": "plain text",
}


def format_of(data: bytes) -> Format | None:
    """Return the format whose signature `data` starts with, None if there is none."""
    head = data[:64]
    return next((kind for kind, signature in _SIGNATURES.items() if re.match(signature, head, re.DOTALL)), None)


def appearance(data: bytes) -> str:
    """Describe bytes without a picture's signature for a person: "a PDF document", a noun phrase."""
    head = data[:1024].removeprefix(b"\xef\xbb\xbf")
    for pattern, phrase in _STRANGERS.items():
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            return phrase
    return "in no format that Magritte knows"


def is_cut_short(data: bytes, kind: Format) -> bool:
    """Return whether the end that the format prescribes, or a part that its beginning announces, is missing."""
    match kind:
        case Format.JPEG:  # a thumbnail inside has an end of its own, but that comes before the last scan
            return data.rfind(b"\xff\xd9") <= data.rfind(b"\xff\xda")
        case Format.PNG:
            return b"IEND" not in data
        case Format.GIF:
            return not data.rstrip(b"\0").endswith(b";")
        case Format.WEBP:
            return 8 + int.from_bytes(data[4:8], "little") > len(data)
        case Format.BMP:
            return int.from_bytes(data[2:6], "little") > len(data)
        case Format.TIFF:  # the offset of the first directory
            return int.from_bytes(data[4:8], "little" if data.startswith(b"I") else "big") >= len(data)
        case Format.AVIF:
            return _end_of_boxes(data) > len(data)


def _end_of_boxes(data: bytes) -> int:
    """Return the offset at which the top-level boxes of an ISO media file end by what they declare.

    Box sizes: ISO/IEC 14496-12, 4.2.
    """
    end = 0
    while end < len(data):
        size = int.from_bytes(data[end : end + 4], "big")
        if size < 8:  # 0: up to the end of the file; 1: a 64-bit size, in no picture
            return len(data)
        end += size
    return end


def webp_canvas(data: bytes) -> tuple[int, int]:
    """Return width and height that a WebP file declares (RFC 9649), (0, 0) if its first chunk declares none.

    libwebp allocates two canvases as soon as it opens a file, hence this look beforehand.
    """
    kind, words = data[12:16], [int.from_bytes(data[i : i + 4], "little") for i in range(20, 30)]
    if kind == b"VP8X":
        return (words[4] & 0xFFFFFF) + 1, (words[6] >> 8) + 1
    if kind == b"VP8L":
        return (words[1] & 0x3FFF) + 1, (words[1] >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return words[6] & 0x3FFF, words[6] >> 16 & 0x3FFF
    return 0, 0


def webp_is_lossless(data: bytes) -> bool:
    """Return whether the first frame of a WebP file is coded in a lossless VP8L chunk."""
    chunk = re.search(rb"VP8[L ]", data)
    return chunk is not None and chunk[0] == b"VP8L"
