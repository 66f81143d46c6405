import io

import numpy as np
import pytest

from shared.stylegan2.arrays import pack, unpack
from shared.stylegan2.errors import BadFile

ARRAYS = {"G/4x4/Conv/bias": np.arange(3, dtype=np.float32), "step": np.array(5), "text": np.array("héllo")}


def test_arrays_come_back_with_names_types_and_shapes():
    found = unpack(pack(ARRAYS))
    assert list(found) == list(ARRAYS)
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(found[name], value)
        assert found[name].dtype == value.dtype


def test_the_same_arrays_are_the_same_bytes():
    assert pack(ARRAYS) == pack(ARRAYS)


@pytest.mark.parametrize("cut", [0, 1, 100, -30])
def test_a_cut_file_is_refused(cut):
    with pytest.raises(BadFile, match="not a file of arrays"):
        unpack(pack(ARRAYS)[:cut])


def test_a_damaged_file_is_refused():
    packed = bytearray(pack(ARRAYS))
    packed[200] ^= 0xFF
    with pytest.raises(BadFile, match="not a file of arrays"):
        unpack(bytes(packed))


def test_python_objects_are_refused():
    file = io.BytesIO()
    np.savez(file, trap=np.array([print], dtype=object))
    for data in (file.getvalue(), b"\x89PNG\r\n\x1a\n and so on"):
        with pytest.raises(BadFile, match=r"of arrays: it is another kind of file, or holds Python objects$"):
            unpack(data)


def test_a_bare_array_is_refused():
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    with pytest.raises(BadFile, match="not a file of arrays"):
        unpack(file.getvalue())
