import hashlib
from pathlib import Path

import pytest

from shared import sha256


def test_the_digest_is_that_of_all_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "file").write_bytes(content)
    assert sha256.hash_file(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_not_there_has_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sha256.hash_file(tmp_path / "gone")
