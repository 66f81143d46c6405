import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from shared.contract.errors import Poison
from shared.models.cache import ModelCache
from shared.models.catalogue import NAMED, Model

CONTENT = bytes(range(256)) * 1000
PORTRAITS = NAMED["danbooru2019-portraits"]


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """A file that somebody has fetched by other means."""
    (tmp_path / "fetched").write_bytes(CONTENT)
    return tmp_path / "fetched"


def test_the_cache_is_where_the_user_keeps_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert ModelCache.of_this_machine().folder == tmp_path / "magritte" / "models"


def test_a_file_that_was_fetched_by_other_means_is_put_in_its_place(
    model: Model, cache: ModelCache, fetched: Path
) -> None:
    assert cache.lack(model).startswith("lbpcascade_animeface is not on this machine: run `magritte models get lbp")
    assert cache.add(model, fetched).read_bytes() == CONTENT
    assert cache.lack(model) == ""
    assert fetched.exists()
    assert [path.name for path in cache.folder.iterdir()] == ["lbpcascade_animeface.xml"]


def test_a_packed_file_is_unpacked(model: Model, cache: ModelCache, fetched: Path) -> None:
    fetched.write_bytes(lzma.compress(CONTENT))
    assert cache.add(model, fetched).read_bytes() == CONTENT
    assert [path.name for path in cache.folder.iterdir()] == ["lbpcascade_animeface.xml"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (CONTENT[:-1], "its SHA-256 is"),
        (lzma.compress(CONTENT[:-1]), "its SHA-256 is"),
        (lzma.compress(CONTENT)[:-50], "Compressed file ended"),
        (lzma.compress(bytes(300_000)), "more than 260000 bytes"),
        (bytes(300_000), "more than 260000 bytes"),
    ],
    ids=["another file", "another file, packed", "a packed file that was cut", "a bomb", "too large"],
)
def test_another_file_is_refused_and_the_right_one_stays(
    model: Model, cache: ModelCache, fetched: Path, content: bytes, problem: str
) -> None:
    model = replace(model, most_bytes=260_000)
    cache.add(model, fetched)
    fetched.write_bytes(content)
    with pytest.raises(Poison, match=f"another file than lbpcascade_animeface.*{problem}"):
        cache.add(model, fetched)
    assert cache.file(model).read_bytes() == CONTENT
    assert [path.name for path in cache.folder.iterdir()] == ["lbpcascade_animeface.xml"]


def test_the_digest_of_the_first_file_is_written_down_as_sha256sum_does(
    model: Model, unknown: Model, cache: ModelCache, fetched: Path
) -> None:
    assert cache.digest(unknown) == ""
    cache.add(unknown, fetched)
    assert cache.record(unknown).read_text() == f"{model.sha256}  lbpcascade_animeface.xml\n"
    assert cache.digest(unknown) == model.sha256


def test_a_record_without_a_digest_is_named(unknown: Model, cache: ModelCache, fetched: Path) -> None:
    cache.add(unknown, fetched)
    cache.record(unknown).write_text("")
    with pytest.raises(Poison, match=r"\.sha256 has no digest of lbpcascade_animeface: remove it"):
        cache.lack(unknown)


def test_a_file_that_was_damaged_since_is_not_used(model: Model, cache: ModelCache, fetched: Path) -> None:
    cache.add(model, fetched).write_bytes(CONTENT[:-1])
    assert cache.lack(model).startswith(f"{cache.file(model)} is damaged: run `magritte models get")


def test_a_snapshot_is_used_once_it_is_imported(cache: ModelCache, fetched: Path) -> None:
    pickle = cache.file(PORTRAITS)
    missing = cache.lack(PORTRAITS)
    assert "open https://mega.nz/" in missing
    assert missing.endswith(f"and at last `magritte weights import {pickle}`")
    cache.add(PORTRAITS, fetched)
    assert cache.lack(PORTRAITS).endswith(f"not imported yet: run `magritte weights import {pickle}`")
    cache.usable(PORTRAITS).write_bytes(b"imported")
    assert cache.lack(PORTRAITS) == ""
    assert cache.usable(PORTRAITS) == pickle.with_suffix(".safetensors")


def test_a_digest_that_is_known_counts_before_one_that_was_written_down(
    model: Model, unknown: Model, cache: ModelCache, fetched: Path
) -> None:
    fetched.write_bytes(CONTENT[:-1])
    cache.add(unknown, fetched)
    assert cache.digest(unknown) != model.sha256
    assert cache.digest(model) == model.sha256
