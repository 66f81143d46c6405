"""Writes pictures as the multi-resolution TFRecords that StyleGAN2 trains on."""

import shutil
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.contract.errors import Poison
from shared.stylegan2.example import encode_picture
from shared.stylegan2.pyramid import SMALLEST_LOG2, has_levels, pyramid
from shared.stylegan2.tfrecords import frame, level_file_name

Load = Callable[[str], NDArray[np.uint8]]
"""Returns the picture of a name, uint8 [H, W, C]; called from several threads at once."""

_SHUFFLE_SEED = 123  # the official data set tool's
_LOOK_AHEAD = 2  # pictures per thread: one at work, one waiting to be written


@dataclass(frozen=True)
class PictureShape:
    """The shape of a data set's pictures: square, its side a power of two from 4 on, 1 or 3 channels."""

    resolution: int
    channels: int = 3

    def __post_init__(self) -> None:
        if not has_levels(self.resolution, self.resolution) or self.channels not in (1, 3):
            raise Poison(f"No data set can have {self.resolution} px and {self.channels} channels.")


@dataclass(frozen=True)
class PackedDataset:
    """The files, largest level first, and the names of the pictures in the order of the records."""

    files: tuple[Path, ...]
    order: tuple[str, ...]


def record_order(names: Iterable[str]) -> tuple[str, ...]:
    """Order names as the official data set tool writes pictures: sorted, then shuffled with seed 123."""
    ascending = sorted(names)
    places = np.arange(len(ascending))
    np.random.RandomState(_SHUFFLE_SEED).shuffle(places)
    return tuple(ascending[place] for place in places)


def pack(names: Iterable[str], load: Load, directory: Path, shape: PictureShape, threads: int) -> PackedDataset:
    """Write a data set named like `directory`, which must be absent or empty: it appears whole or not at all.

    The bytes depend on the names and pictures only. At most `2 * threads + 1` pictures are in memory.
    Raises Poison, naming the picture, when one is not of the shape, and when there is no name; what `load` raises
    goes through.
    """
    order = record_order(names)
    if not order:
        raise Poison("There are no pictures to pack.")
    with _appearing_whole(directory) as partial:
        files = _level_files(partial, directory.name, shape)
        with ExitStack() as stack:
            streams = [stack.enter_context(file.open("xb")) for file in files]
            sets = stack.enter_context(closing(_in_order(lambda name: _records(name, load, shape), order, threads)))
            for records in sets:
                for stream, record in zip(streams, records, strict=True):
                    stream.write(record)
    return PackedDataset(tuple(directory / file.name for file in files), order)


@contextmanager
def _appearing_whole(directory: Path) -> Iterator[Path]:
    if directory.is_dir() and any(directory.iterdir()):
        raise Poison(f"{directory} is not empty: levels of another data set would mix with the new ones.")
    partial = directory.with_name(f".{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(directory)
    except BaseException:
        shutil.rmtree(partial)
        raise


def _level_files(directory: Path, dataset: str, shape: PictureShape) -> list[Path]:
    top = shape.resolution.bit_length() - 1
    return [directory / level_file_name(dataset, log2) for log2 in range(top, SMALLEST_LOG2 - 1, -1)]


def _records(name: str, load: Load, shape: PictureShape) -> list[bytes]:
    picture = load(name)
    wanted = (shape.resolution, shape.resolution, shape.channels)
    if picture.shape != wanted or picture.dtype != np.uint8:
        raise Poison(f"{name} is {picture.dtype} {picture.shape}; this data set holds uint8 {wanted}.")
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    return [frame(encode_picture(level)) for level in pyramid(planes)]


def _in_order(
    work: Callable[[str], list[bytes]], names: Sequence[str], threads: int
) -> Generator[list[bytes], None, None]:
    ahead: deque[Future[list[bytes]]] = deque()
    with ThreadPoolExecutor(threads, "packing") as pool:
        try:
            for name in names:
                ahead.append(pool.submit(work, name))
                if len(ahead) > _LOOK_AHEAD * threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
