"""How fast pictures become multi-resolution TFRecords: ours against two programs that take one after another.

Run with `python -m benchmarks.packing`. Each round runs every program once, so that a busy machine slows all
alike; the medians over the rounds are compared. Pictures are arrays in memory: decoding is not measured.
"""

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.tfrecord_packer.packing import PictureShape, pack, record_order
from shared.stylegan2.example import decode_picture
from shared.stylegan2.tfrecords import level_file_name, read_records

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

Pictures = Mapping[str, NDArray[np.uint8]]


def main() -> None:
    """Print one line per program: median seconds, pictures per second, and how many times ours is as fast."""
    options = _options()
    pictures = _smooth_pictures(options.pictures, options.resolution)
    programs = {
        f"ours, {options.threads} threads": lambda to: _ours(pictures, to, options.threads),
        "ours, 1 thread": lambda to: _ours(pictures, to, 1),
        "tf.io + numpy, as the official tool": lambda to: _one_by_one(pictures, to, _transposed),
        "tf.io + numpy, planes copied first": lambda to: _one_by_one(pictures, to, _planes),
    }
    seconds = _measure(programs, options.rounds)
    ours = statistics.median(next(iter(seconds.values())))
    print(f"{options.pictures} pictures of {options.resolution} px, {options.rounds} rounds, {os.cpu_count()} cores")
    for name, rounds in seconds.items():
        median = statistics.median(rounds)
        print(f"{name:38}{median:8.3f} s{options.pictures / median:8.0f} pictures/s   ours x {median / ours:.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--resolution", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def _smooth_pictures(count: int, resolution: int) -> Pictures:
    random = np.random.default_rng(0)
    pictures = {}
    for index in range(count):
        blobs = Image.fromarray(random.integers(0, 256, (16, 16, 3), np.uint8))
        pictures[f"{index:05}"] = np.asarray(blobs.resize((resolution, resolution), Image.Resampling.BICUBIC))
    return pictures


def _measure(programs: Mapping[str, Callable[[Path], None]], rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    answers = set()
    for _ in range(rounds):
        for name, program in programs.items():
            with tempfile.TemporaryDirectory() as scratch:
                start = time.perf_counter()
                program(Path(scratch) / "packed")
                seconds[name].append(time.perf_counter() - start)
                answers.add(_digest(Path(scratch) / "packed"))
    if len(answers) != 1:
        raise SystemExit("The programs did not write the same pictures.")
    return seconds


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(directory.iterdir()):
        digest.update(file.name.encode())
        for record in read_records(file):
            digest.update(decode_picture(record).data)
    return digest.hexdigest()


def _ours(pictures: Pictures, directory: Path, threads: int) -> None:
    resolution = next(iter(pictures.values())).shape[0]
    pack(pictures, pictures.__getitem__, directory, PictureShape(resolution), threads)


def _one_by_one(pictures: Pictures, directory: Path, planes: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> None:
    directory.mkdir()
    top = next(iter(pictures.values())).shape[0].bit_length() - 1
    names = [level_file_name(directory.name, log2) for log2 in range(top, 1, -1)]
    writers = [tf.io.TFRecordWriter(str(directory / name)) for name in names]
    for name in record_order(pictures):
        for writer, level in zip(writers, _levels(planes(pictures[name])), strict=True):
            writer.write(_example(level))
    for writer in writers:
        writer.close()


def _transposed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture.transpose(2, 0, 1)  # a view: every step after it walks through memory in strides


def _planes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def _levels(picture: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    mean = picture.astype(np.float32)
    yield picture
    while mean.shape[1] > 4:
        top, bottom = mean[:, 0::2], mean[:, 1::2]
        mean = (top[:, :, 0::2] + top[:, :, 1::2] + bottom[:, :, 0::2] + bottom[:, :, 1::2]) * 0.25
        yield np.rint(mean).clip(0, 255).astype(np.uint8)


def _example(picture: NDArray[np.uint8]) -> bytes:
    shape = tf.train.Feature(int64_list=tf.train.Int64List(value=picture.shape))
    data = tf.train.Feature(bytes_list=tf.train.BytesList(value=[picture.tobytes()]))
    example = tf.train.Example(features=tf.train.Features(feature={"shape": shape, "data": data}))
    serialised: bytes = example.SerializeToString()
    return serialised


if __name__ == "__main__":
    main()
