"""Translates errors of decoders to a `Drop` with the right reason."""

import re
import threading
import warnings
from collections.abc import Callable
from typing import TypeVar

from PIL import Image

from shared.contract.reasons import Drop, Reason
from shared.pictures.formats import format_of, is_cut_short

T = TypeVar("T")

_FILTER = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
_FILTER_LOCK = threading.Lock()

# The texts of the ValueErrors of Pillow's PngImagePlugin, whose limits are 1 MB a chunk and 64 MB in all.
_TEXT_BOMB = re.compile("Decompressed data too large|Too much memory used in text chunks")


class Refused(Exception):
    """Carries a `Drop` out of the depths of decoding; does not leave this package."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.drop = Drop(reason, detail)


def result_or_drop(data: bytes, work: Callable[[], T]) -> T | Drop:
    """Return what `work` returns, or the `Drop` that says what is wrong with `data`, the bytes that it decodes.

    Running out of memory is the machine's fault and not the picture's: `MemoryError` passes.
    """
    _hush_pillow()
    try:
        return work()
    except Refused as refused:
        return refused.drop
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        return Drop(Reason.TOO_MANY_PIXELS, str(error))
    except Exception as error:  # bad bytes make Pillow raise nearly every exception that Python has
        return _drop(data, error)


def _drop(data: bytes, error: Exception) -> Drop:
    kind = format_of(data)
    assert kind is not None, "without a format nothing is decoded"
    if _TEXT_BOMB.search(str(error)):
        return Drop(Reason.TEXT_BOMB, "its texts or its profile unpack to more than any picture needs")
    if is_cut_short(data, kind) or "truncated" in str(error).lower():
        return Drop(Reason.TRUNCATED, f"the {kind.upper()} file ends too early, after {len(data)} bytes")
    return Drop(Reason.CORRUPT, f"the {kind.upper()} file is damaged")


def _hush_pillow() -> None:
    """Silence Pillow's warnings about odd metadata, for the whole process.

    `warnings.catch_warnings` around each decoding would not be thread-safe before Python 3.14. Who replaces the
    filters (as pytest does for every test) gets ours again with the next picture.
    """
    with _FILTER_LOCK:
        if _FILTER not in warnings.filters:
            warnings.filterwarnings("ignore", module=r"PIL\.")
