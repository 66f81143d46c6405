import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.stylegan2.errors import BadFile
from shared.stylegan2.example import decode_picture, encode_picture
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.tfrecords import frame, read_records

GOLDEN = Path(__file__).parents[4] / "shared/golden/tfrecords/golden64"


def pictures(count: int, side: int = 8, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(count).integers(0, 256, (count, channels, side, side), np.uint8)


def written(path: Path, *records: bytes) -> Path:
    path.write_bytes(b"".join(map(frame, records)))
    return path


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_read_in_any_order_with_channels_last(tmp_path: Path, channels: int) -> None:
    stored = pictures(6, channels=channels)
    found = PictureFile(written(tmp_path / "toy-r03.tfrecords", *map(encode_picture, stored)))
    assert (len(found), found.resolution, found.channels) == (6, 8, channels)
    chosen = np.array([4, 0, 4, 5])
    assert np.array_equal(found[chosen], stored[chosen].transpose(0, 2, 3, 1))


def test_features_may_stand_in_any_order_in_each_record(tmp_path: Path) -> None:
    stored = pictures(2)
    shape_last = encode_picture(stored[0])
    body = encode_picture(stored[1])
    entries = body[2:] if len(body) < 130 else body[3:]  # without the key and length of `features`
    data_size = len(entries) - 18  # the entry of `shape`
    shape_first = body[: len(body) - len(entries)] + entries[data_size:] + entries[:data_size]
    assert np.array_equal(decode_picture(shape_first), stored[1])
    found = PictureFile(written(tmp_path / "toy-r03.tfrecords", shape_last, shape_first))
    assert np.array_equal(found[np.arange(2)], stored.transpose(0, 2, 3, 1))


def test_the_file_may_be_deleted_while_it_is_open(tmp_path: Path) -> None:
    path = written(tmp_path / "toy-r03.tfrecords", *map(encode_picture, pictures(3)))
    found = PictureFile(path)
    path.unlink()
    assert np.array_equal(found[np.array([2])][0], pictures(3)[2].transpose(1, 2, 0))


def test_a_flipped_bit_is_poison_that_names_file_and_record(tmp_path: Path) -> None:
    path = written(tmp_path / "toy-r03.tfrecords", *map(encode_picture, pictures(4)))
    data = bytearray(path.read_bytes())
    data[len(data) * 5 // 8] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadFile, match=r"toy-r03\.tfrecords, record 2"):
        PictureFile(path)


@pytest.mark.parametrize("other", [pictures(1, side=4)[0], pictures(1, channels=1)[0]])
def test_a_picture_of_another_shape_is_poison_that_names_the_record(tmp_path: Path, other: NDArray[np.uint8]) -> None:
    path = written(tmp_path / "toy-r03.tfrecords", encode_picture(pictures(1)[0]), encode_picture(other))
    with pytest.raises(BadFile, match="record 1: the shape is"):
        PictureFile(path)


def test_a_record_that_is_no_picture_is_poison_that_names_it(tmp_path: Path) -> None:
    path = written(tmp_path / "toy-r03.tfrecords", encode_picture(pictures(1)[0]), b"\xff\xff")
    with pytest.raises(BadFile, match="record 1: "):
        PictureFile(path)


def test_pictures_that_are_not_square_are_poison(tmp_path: Path) -> None:
    path = written(tmp_path / "toy-r03.tfrecords", encode_picture(np.zeros((3, 8, 4), np.uint8)))
    with pytest.raises(BadFile, match="record 0: the shape is"):
        PictureFile(path)


def test_a_file_without_records_is_poison(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no pictures"):
        PictureFile(written(tmp_path / "toy-r03.tfrecords"))


def test_the_official_tools_files_are_read(tmp_path: Path) -> None:
    if not GOLDEN.is_dir():
        pytest.skip("needs the golden data beside the repository")
    path = Path(shutil.copy(GOLDEN / "golden64-r06.tfrecords", tmp_path))
    stored = np.stack([decode_picture(record) for record in read_records(path)])
    assert np.array_equal(PictureFile(path)[np.arange(12)], stored.transpose(0, 2, 3, 1))
