"""How much two threads of one process detect against one, by animeface's C library, which runs without the GIL."""

import argparse
import io
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from demo.pictures import drawing
from services.face_detector import nvxs

TARGET = 1.7
_LONGEST = 900
"""Pixels to which the detector reduces a picture by default."""


def main() -> None:
    """Print seconds and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pictures = [_reduced(number) for number in range(options.pictures)]
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(options.rounds):
        for threads, times in seconds.items():
            times.append(_measure(pictures, threads))
    one, two = (statistics.median(times) for times in seconds.values())
    print(f"animeface, {options.pictures} pictures of at most {_LONGEST} px, in one process:")
    print(f"  one thread {one:6.2f} s, two threads {two:6.2f} s, ratio {one / two:.2f} (target: at least {TARGET})")


def _reduced(number: int) -> Image.Image:
    picture = Image.open(io.BytesIO(drawing(number))).convert("RGB")
    picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    return picture


def _measure(pictures: Sequence[Image.Image], threads: int) -> float:
    """Return the seconds in which `threads` threads look for the faces in all pictures."""
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda picture: nvxs.faces(picture.tobytes(), picture.size), pictures))
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
