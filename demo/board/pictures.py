"""The pictures of a board, made when they are first asked for, and remembered within bounds."""

import hashlib
import io
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

_REMEMBERED_BYTES = 300_000_000
_FORMATS = {"jpg": "JPEG", "gif": "GIF", "webp": "WEBP"}


@dataclass(frozen=True)
class Picture:
    """A picture that can be made again at any time, the same bytes every time."""

    name: str
    """Names the picture among all pictures of a board."""
    extension: str
    make: Callable[[], bytes]


@dataclass(frozen=True)
class FileFacts:
    """The facts about a file that a listing states."""

    md5: str
    bytes: int
    width: int
    height: int


def drawn(number: int) -> Picture:
    """Return picture `number` of the demo's character."""
    return Picture(f"drawn {number}", "png", lambda: _drawing(number))


def noise(name: str, extension: str = "png", size: tuple[int, int] = (256, 256)) -> Picture:
    """Return a picture of coloured noise as png (cheap to make, three bytes a pixel), jpg, gif or webp."""
    if extension == "png":
        return Picture(f"noise {name}", extension, lambda: _noise_png(name, size))
    if extension not in _FORMATS:
        raise ValueError(f"no noise is made as {extension}")
    return Picture(f"noise {name}", extension, lambda: _noise_file(name, size, _FORMATS[extension]))


class Pictures:
    """The bytes and facts of pictures; the bytes are forgotten again, those not asked for the longest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: dict[str, FileFacts] = {}
        self._bytes: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0

    def data(self, picture: Picture) -> bytes:
        """Return a picture's bytes."""
        with self._lock:
            if (found := self._bytes.get(picture.name)) is not None:
                self._bytes.move_to_end(picture.name)
                return found
            data = picture.make()
            self._remember(picture, data)
            return data

    def facts(self, picture: Picture) -> FileFacts:
        """Return the facts about a picture that a listing states."""
        if (facts := self._facts.get(picture.name)) is None:
            self.data(picture)
            facts = self._facts[picture.name]
        return facts

    def _remember(self, picture: Picture, data: bytes) -> None:
        self._bytes[picture.name] = data
        self._held += len(data)
        while self._held > _REMEMBERED_BYTES and len(self._bytes) > 1:
            self._held -= len(self._bytes.popitem(last=False)[1])
        if picture.name not in self._facts:
            md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
            self._facts[picture.name] = FileFacts(md5, len(data), *dimensions(data))


def dimensions(data: bytes) -> tuple[int, int]:
    """Return width and height of a picture."""
    if data.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def reduced(data: bytes, longest: int) -> bytes:
    """Return a picture as a JPEG whose longer side has at most `longest` pixels."""
    with Image.open(io.BytesIO(data)) as image:
        smaller = image.convert("RGB")
        smaller.thumbnail((longest, longest))
    return _saved(smaller, "JPEG")


def png(width: int, height: int, rows: bytes) -> bytes:
    """Return a PNG of RGB `rows`, each with its filter's byte before it, stored without compression."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _noise_png(name: str, size: tuple[int, int]) -> bytes:
    width, height = size
    values = Random(f"noise {name}").randbytes(3 * width * height)
    return png(width, height, b"".join(b"\0" + values[at : at + 3 * width] for at in range(0, len(values), 3 * width)))


def _noise_file(name: str, size: tuple[int, int], kind: str) -> bytes:
    image = Image.frombytes("RGB", size, Random(f"noise {name}").randbytes(3 * size[0] * size[1]))
    return _saved(image, kind)


def _saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, quality=85)
    return file.getvalue()


def _drawing(number: int) -> bytes:
    from demo.pictures import drawing  # resvg is not needed for noise

    return drawing(number)
