"""Files that are harmless to keep and dangerous to open: next to nothing, made of very many zeros."""

import struct
import zlib
from functools import cache


@cache
def bomb_png(side: int = 50_000) -> bytes:
    """A PNG of `side` by `side` black pixels of one bit; `side` is a multiple of 100."""
    row = 1 + (side + 7) // 8
    checksum = (row * side % 65_521) << 16 | 1  # the Adler-32 of as many zeros
    pixels = b"\x78\xda" + _zeros(row * 100, side // 100) + struct.pack(">I", checksum)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@cache
def bomb_gzip(megabytes: int) -> bytes:
    """A gzip stream of so many megabytes of zeros."""
    checksum = 0
    for _ in range(megabytes):
        checksum = zlib.crc32(bytes(1_000_000), checksum)
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    return head + _zeros(1_000_000, megabytes) + struct.pack("<II", checksum, megabytes * 1_000_000)


def _zeros(number: int, times: int) -> bytes:
    """Deflate `number` zeros `times` times over. After a full flush the same bytes mean the same again."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    segment = compressor.compress(bytes(number)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return segment * times + compressor.flush()
