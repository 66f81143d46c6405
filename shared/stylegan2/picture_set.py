"""Sets of pictures that may be too large for memory: read a few at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.grid import PictureArray

Indices = NDArray[np.intp]


class PictureSet(Protocol):
    """Pictures of one size: an array, or a file such as `shared.stylegan2.picture_file.PictureFile`."""

    def __len__(self) -> int: ...
    def __getitem__(self, indices: Indices, /) -> PictureArray: ...


@dataclass(frozen=True)
class Selection:
    """Some pictures of a set, in this order."""

    pictures: PictureSet
    indices: Indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, indices: Indices, /) -> PictureArray:
        return self.pictures[self.indices[indices]]


def spread(pictures: PictureSet, most: int) -> Selection:
    """Select at most `most` pictures, evenly over the set: neighbours in a data set may be of one source."""
    count = min(len(pictures), most)
    return Selection(pictures, np.arange(count) * len(pictures) // count)


def chunks(pictures: PictureSet, size: int) -> Iterator[PictureArray]:
    """Yield the pictures in order, uint8 [n, H, W, C], `size` at a time."""
    for start in range(0, len(pictures), size):
        yield pictures[np.arange(start, min(start + size, len(pictures)))]
