import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from shared import keys
from shared.errors import NotFound
from shared.store import FolderStore

Magritte = Callable[..., Result]
DIGEST = "0b" * 32


@pytest.fixture
def packed(store: FolderStore, run: str) -> str:
    """A run with a data set of two files."""
    store.put(keys.dataset_version(run, 1), json.dumps({"digest": DIGEST}).encode())
    for name in (keys.MANIFEST, "anya-r06.tfrecords"):
        store.put(keys.dataset(DIGEST, name), name.encode())
    return run


def test_results_are_fetched_once(magritte: Magritte, packed: str, tmp_path: Path) -> None:
    first = magritte("fetch", "--to", str(tmp_path / "here"))
    assert "2 of 2 files" in first.stdout, first.exception
    file = tmp_path / "here" / packed / "datasets" / DIGEST[:20] / "anya-r06.tfrecords"
    assert file.read_bytes() == b"anya-r06.tfrecords"
    assert "0 of 2 files" in magritte("fetch", "--to", str(tmp_path / "here")).stdout


def test_a_file_that_was_lost_is_fetched_again(magritte: Magritte, packed: str, tmp_path: Path) -> None:
    magritte("fetch", "--to", str(tmp_path))
    next((tmp_path / packed).rglob("*.tfrecords")).unlink()
    assert "1 of 2 files" in magritte("fetch", "--to", str(tmp_path)).stdout


def test_a_run_without_results_is_an_error(magritte: Magritte, run: str) -> None:
    assert isinstance(magritte("fetch").exception, NotFound)
