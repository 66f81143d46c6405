import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.tfrecord_packer.packing import PackedDataset, PictureShape, pack, record_order
from shared.contract.errors import NotFound, Poison
from shared.stylegan2.example import decode_picture
from shared.stylegan2.pyramid import pyramid
from shared.stylegan2.tfrecords import read_records

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the reference shelf is not here")

Picture = NDArray[np.uint8]


def some_pictures(count: int, resolution: int = 16, channels: int = 3) -> dict[str, Picture]:
    random = np.random.default_rng(0)
    shape = (resolution, resolution, channels)
    return {f"{index:03}.png": random.integers(0, 256, shape, np.uint8) for index in range(count)}


def packed(pictures: dict[str, Picture], directory: Path, threads: int = 2) -> PackedDataset:
    shape = next(iter(pictures.values())).shape
    return pack(pictures, pictures.__getitem__, directory, PictureShape(shape[0], shape[2]), threads)


def contents(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir()}


def records(file: Path) -> list[Picture]:
    return [decode_picture(record) for record in read_records(file)]


@pytest.mark.parametrize(
    ("count", "order"), [(1, [0]), (5, [1, 3, 4, 0, 2]), (12, [5, 0, 4, 9, 8, 7, 10, 3, 1, 6, 11, 2])]
)
def test_pictures_come_in_the_official_order_whatever_order_they_are_named_in(count: int, order: list[int]) -> None:
    names = [f"{index:03}" for index in range(count)]
    assert record_order(names) == record_order(reversed(names)) == tuple(names[index] for index in order)


def test_names_are_sorted_by_their_bytes() -> None:
    names = ["é", "b_2", "b_10", "a", "B"]
    by_bytes = sorted(names, key=str.encode)
    assert record_order(names) == tuple(by_bytes[index] for index in (1, 3, 4, 0, 2))


@needs_golden
def test_the_pictures_and_their_order_are_those_of_the_official_tool(tmp_path: Path) -> None:
    sources = {file.name: np.asarray(Image.open(file)) for file in (GOLDEN / "source-images-64").iterdir()}
    packed(sources, tmp_path / "golden64")
    official = GOLDEN / "tfrecords" / "golden64"
    assert sorted(contents(tmp_path / "golden64")) == sorted(contents(official))
    for file in official.iterdir():
        ours, theirs = records(tmp_path / "golden64" / file.name), records(file)
        assert len(ours) == len(theirs) == 12
        assert all(np.array_equal(*pair) for pair in zip(ours, theirs, strict=True))


def test_tensorflow_reads_what_we_write(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    pictures = some_pictures(7)
    dataset = packed(pictures, tmp_path / "anya")
    schema = {"shape": tf.io.FixedLenFeature([3], tf.int64), "data": tf.io.FixedLenFeature([], tf.string)}
    for level, file in enumerate(dataset.files):
        features = [tf.io.parse_single_example(record, schema) for record in tf.data.TFRecordDataset(str(file))]
        assert len(features) == len(pictures)
        for name, feature in zip(dataset.order, features, strict=True):
            read = tf.reshape(tf.io.decode_raw(feature["data"], tf.uint8), feature["shape"]).numpy()
            assert np.array_equal(read, pyramid(pictures[name].transpose(2, 0, 1))[level])


@pytest.mark.parametrize("channels", [1, 3])
def test_there_is_a_file_for_every_level_down_to_4_px(tmp_path: Path, channels: int) -> None:
    dataset = packed(some_pictures(3, 32, channels), tmp_path / "anya")
    assert [file.name for file in dataset.files] == [f"anya-r{log2:02d}.tfrecords" for log2 in (5, 4, 3, 2)]
    assert sorted(contents(tmp_path / "anya")) == sorted(file.name for file in dataset.files)
    assert [records(file)[0].shape for file in dataset.files] == [(channels, side, side) for side in (32, 16, 8, 4)]


def test_record_i_holds_the_picture_that_the_order_names(tmp_path: Path) -> None:
    pictures = some_pictures(9)
    dataset = packed(pictures, tmp_path / "anya")
    for name, picture in zip(dataset.order, records(dataset.files[0]), strict=True):
        assert np.array_equal(picture, pictures[name].transpose(2, 0, 1))


def test_the_bytes_are_the_same_on_every_run_and_for_every_number_of_threads(tmp_path: Path) -> None:
    pictures = some_pictures(20)
    expected = contents(packed(pictures, tmp_path / "first" / "anya", threads=1).files[0].parent)
    for threads in (1, 2, 7, 32):
        packed(pictures, tmp_path / str(threads) / "anya", threads)
        assert contents(tmp_path / str(threads) / "anya") == expected


def test_only_a_few_pictures_are_loaded_ahead_of_the_records_written(tmp_path: Path) -> None:
    # 64 px of RGB exceed the buffer of a file, so its size tells how many records have been written.
    pictures = some_pictures(200, 64)
    file, lock, furthest, loaded = tmp_path / ".anya.partial" / "anya-r06.tfrecords", threading.Lock(), 0, 0

    def load(name: str) -> Picture:
        nonlocal furthest, loaded
        with lock:
            loaded += 1
            furthest = max(furthest, loaded - file.stat().st_size // pictures[name].nbytes)
        return pictures[name]

    pack(pictures, load, tmp_path / "anya", PictureShape(64), threads=2)
    assert loaded == 200
    assert furthest <= 5


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((16, 8, 3), np.uint8),
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((16, 16, 1), np.uint8),
        np.zeros((16, 16, 4), np.uint8),
        np.zeros((16, 16), np.uint8),
        np.zeros((16, 16, 3), np.float32),
    ],
    ids=lambda picture: f"{picture.dtype}{picture.shape}",
)
def test_a_picture_of_another_shape_is_poison_with_its_name_and_leaves_nothing_behind(
    tmp_path: Path, picture: Picture
) -> None:
    pictures = some_pictures(20) | {"odd one.png": picture}
    with pytest.raises(Poison, match=r"odd one\.png.*this data set holds uint8 \(16, 16, 3\)"):
        packed(pictures, tmp_path / "anya")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_loader_goes_through_and_leaves_nothing_behind(tmp_path: Path) -> None:
    pictures = some_pictures(20)

    def load(name: str) -> Picture:
        if name == "007.png":
            raise NotFound("007.png is gone.")
        return pictures[name]

    with pytest.raises(NotFound, match=r"007\.png is gone"):
        pack(pictures, load, tmp_path / "anya", PictureShape(16), threads=2)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_directory_that_was_there_is_filled_and_stays_when_packing_fails(tmp_path: Path) -> None:
    (tmp_path / "anya").mkdir()
    with pytest.raises(Poison):
        packed(some_pictures(3) | {"odd": np.zeros((8, 8, 3), np.uint8)}, tmp_path / "anya")
    assert contents(tmp_path / "anya") == {}
    assert len(contents(packed(some_pictures(3), tmp_path / "anya").files[0].parent)) == 3


def test_a_directory_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    packed(some_pictures(3), tmp_path / "anya")
    before = contents(tmp_path / "anya")
    with pytest.raises(Poison, match="not empty"):
        packed(some_pictures(4, 8), tmp_path / "anya")
    assert contents(tmp_path / "anya") == before


def test_what_a_killed_packer_left_does_not_disturb_the_next(tmp_path: Path) -> None:
    (tmp_path / ".anya.partial").mkdir()
    (tmp_path / ".anya.partial" / "anya-r09.tfrecords").write_bytes(b"half")
    packed(some_pictures(3), tmp_path / "anya")
    assert [path.name for path in tmp_path.iterdir()] == ["anya"]
    assert len(contents(tmp_path / "anya")) == 3


def test_no_pictures_are_poison(tmp_path: Path) -> None:
    with pytest.raises(Poison, match="no pictures"):
        pack([], some_pictures(1).__getitem__, tmp_path / "anya", PictureShape(16), threads=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("resolution", "channels"), [(500, 3), (2, 3), (0, 3), (64, 4), (64, 0)])
def test_a_shape_that_no_data_set_can_have_is_poison(resolution: int, channels: int) -> None:
    with pytest.raises(Poison, match="No data set"):
        PictureShape(resolution, channels)
