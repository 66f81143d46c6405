import io

import numpy as np
import pytest

from shared.stylegan2.errors import BadFile
from shared.stylegan2.labels_file import decode_labels, encode_labels, faulty_rows, labels_file_name, one_hot


def saved(array: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)  # type: ignore[arg-type]
    return buffer.getvalue()


SOUND = saved(np.eye(2, dtype=np.float32))


def test_each_row_has_a_one_in_the_column_of_its_class() -> None:
    assert one_hot([2, 0], 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot([1, -1, 2], 2).tolist() == [[0, 1], [0, 0], [0, 0]]
    assert one_hot([0, 1], 0).shape == (2, 0)
    assert one_hot([], 2).shape == (0, 2)
    assert one_hot([0], 1).dtype == np.float32


def test_numpy_reads_what_is_written() -> None:
    labels = one_hot([1, 0, 1], 2)
    read = np.load(io.BytesIO(encode_labels(labels)))
    assert read.dtype == np.float32
    assert np.array_equal(read, labels)


@pytest.mark.parametrize("order", ["C", "F"])
def test_whatever_numpy_writes_of_the_kind_is_read(order: str) -> None:
    labels = np.asarray(np.arange(6, dtype=np.float32).reshape(3, 2), order=order)  # type: ignore[call-overload]
    assert np.array_equal(decode_labels(saved(labels)), labels)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"no \.npy file"),
        (b"PK\x03\x04 and so on", r"no \.npy file"),
        (SOUND[:70], r"no \.npy file"),
        (SOUND.replace(b"\n", b" "), r"no \.npy file"),
        (SOUND[:8] + b"\x75" + SOUND[9:], r"no \.npy file"),
        (SOUND.replace(b"(2, 2), }", b"(-2, -2)}"), r"no \.npy file"),
        (saved(np.zeros((2, 2))), r"<f8 \[2, 2\] instead of <f4 \[pictures, classes\]"),
        (saved(np.zeros(2, np.float32)), r"<f4 \[2\] instead of"),
        (saved(np.zeros((2, 2), ">f4")), r">f4 \[2, 2\] instead of"),
        (saved(np.array([[{}]])), r"\|O \[1, 1\] instead of"),
        (SOUND[:-1], "15 bytes of"),
        (SOUND + b"\0", "17 bytes of"),
        (SOUND.replace(b"(2, 2), }" + b" " * 12, b"(9999999999999, 2), }"), "16 bytes of"),
    ],
)
def test_anything_else_is_poison(content: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        decode_labels(content)


def test_rows_that_are_not_one_hot_are_found() -> None:
    rows = [[1, 0], [0, 0], [1, 1], [0.5, 0.5], [0, 1], [1, -1], [np.nan, 1], [2, 0]]
    assert faulty_rows(np.array(rows, np.float32)) == {1, 2, 3, 5, 6, 7}
    assert faulty_rows(np.zeros((2, 0), np.float32)) == {0, 1}


def test_the_file_is_named_as_official_readers_expect_it() -> None:
    assert labels_file_name("anya") == "anya-rxx.labels"
