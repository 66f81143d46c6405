import json
import lzma
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from shared.contract.errors import TRY_AGAIN, NotFound, Poison, RecipeError, RunUnusable, Transient, exit_code
from shared.models.cache import ModelCache
from shared.models.catalogue import NAMED
from tests.servers.downloads import DownloadServer, serving
from tests.services.magritte.toy_networks import networks
from tests.shared.stylegan2.official.program import snapshot

Magritte = Callable[..., Result]
REPOSITORY = Path(__file__).resolve().parents[3]
SHELF = Path(__file__).resolve().parents[4] / "shared" / "data" / "lbpcascade_animeface.xml"
CASCADE, PORTRAITS = "lbpcascade_animeface", "danbooru2019-portraits"
SOON = 60.0
"""Seconds within which what must happen happens, on any machine."""

RECIPE = "name: anya\nsources: [{folder: ./pictures}]\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCache:
    """An empty cache, and an environment that lets downloads come from loopback."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "127.0.0.1")
    return ModelCache.of_this_machine()


@pytest.fixture
def cascade() -> bytes:
    """The cascade's file, of the reference shelf."""
    if not SHELF.is_file():
        pytest.skip(f"needs the cascade {SHELF}")
    return SHELF.read_bytes()


@pytest.fixture
def server(cascade: bytes) -> Iterator[DownloadServer]:
    with serving(DownloadServer(cascade)) as server:
        yield server


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "anya.yaml").write_text(RECIPE)
    return tmp_path / "anya.yaml"


def listed(magritte: Magritte, name: str) -> dict[str, object]:
    rows: list[dict[str, object]] = json.loads(magritte("models", "--json").stdout)
    return next(row for row in rows if row["name"] == name)


def test_models_are_listed_with_what_a_person_decides_by(magritte: Magritte) -> None:
    text = magritte("models").stdout
    for model in NAMED.values():
        assert f"{model.name}: {model.purpose}" in text
        assert f"licence  {model.licence}" in text
        assert f"from     {model.address}" in text
    assert "246,945 bytes" in text
    assert "here     no: lbpcascade_animeface is not on this machine: run `magritte models get" in text


def test_the_list_says_which_models_are_here_and_where(
    magritte: Magritte, cache: ModelCache, server: DownloadServer
) -> None:
    row = listed(magritte, CASCADE)
    assert (row["file"], row["usable"]) == (None, None)
    assert str(row["lack"]).startswith("lbpcascade_animeface is not on this machine")
    assert magritte("models", "get", CASCADE, "--from", server.address).exit_code == 0
    row = listed(magritte, CASCADE)
    assert row["file"] == row["usable"] == str(cache.file(NAMED[CASCADE]))
    assert row["lack"] is None
    assert f"here     {cache.file(NAMED[CASCADE])}\n" in magritte("models").stdout


def test_a_model_is_downloaded_once(magritte: Magritte, server: DownloadServer, cascade: bytes) -> None:
    first = magritte("models", "get", CASCADE, "--from", server.address)
    path = magritte("models", "path", CASCADE).stdout.strip()
    assert Path(path).read_bytes() == cascade
    assert first.stdout == f"{CASCADE} is here: {path}\nin a recipe: faces.cascade.model is {CASCADE}\n"
    again = magritte("models", "get", CASCADE, "--from", server.address)
    assert again.stdout == f"{CASCADE} is here already: {path}\n"
    assert server.ranges == [None]


def test_a_damaged_model_is_downloaded_again(
    magritte: Magritte, server: DownloadServer, cache: ModelCache, cascade: bytes
) -> None:
    magritte("models", "get", CASCADE, "--from", server.address)
    cache.file(NAMED[CASCADE]).write_bytes(cascade[:-1])
    assert isinstance(magritte("models", "path", CASCADE).exception, NotFound)
    assert magritte("models", "get", CASCADE, "--from", server.address).exit_code == 0
    assert cache.file(NAMED[CASCADE]).read_bytes() == cascade


def test_a_download_that_is_cut_goes_on_when_the_command_is_run_again(
    magritte: Magritte, server: DownloadServer, cascade: bytes
) -> None:
    server.cut_after = 100_000
    cut = magritte("models", "get", CASCADE, "--from", server.address).exception
    assert isinstance(cut, Transient)
    assert exit_code(cut) == TRY_AGAIN
    server.cut_after = None
    assert magritte("models", "get", CASCADE, "--from", server.address).exit_code == 0
    assert server.ranges == [None, "bytes=100000-"]
    assert Path(magritte("models", "path", CASCADE).stdout.strip()).read_bytes() == cascade


def test_a_download_that_is_stopped_keeps_what_has_arrived(
    magritte: Magritte, server: DownloadServer, cache: ModelCache, cascade: bytes
) -> None:
    server.cut_after = 100_000
    server.going_on.clear()
    command = [sys.executable, "-m", "services.magritte", "models", "get", CASCADE, "--from", server.address]
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + SOON
    while not cache.part(NAMED[CASCADE]).exists() or not cache.part(NAMED[CASCADE]).stat().st_size:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=SOON)
    assert process.returncode == 130
    assert "stopped; `magritte models get lbpcascade_animeface` goes on" in said
    kept = cache.part(NAMED[CASCADE]).stat().st_size
    assert 0 < kept <= 100_000
    server.cut_after = None
    server.going_on.set()
    assert magritte("models", "get", CASCADE, "--from", server.address).exit_code == 0
    assert server.ranges == [None, f"bytes={kept}-"]
    assert cache.file(NAMED[CASCADE]).read_bytes() == cascade


def test_a_file_with_a_wrong_digest_is_refused(
    magritte: Magritte, server: DownloadServer, cache: ModelCache, cascade: bytes
) -> None:
    server.content = cascade[:-1]
    error = magritte("models", "get", CASCADE, "--from", server.address).exception
    assert isinstance(error, Poison)
    assert exit_code(error) == 1
    assert list(cache.folder.iterdir()) == []


def test_without_leave_nothing_is_fetched_from_a_private_address(
    magritte: Magritte, server: DownloadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAGRITTE_PRIVATE_NETWORKS")
    error = magritte("models", "get", CASCADE, "--from", server.address).exception
    assert isinstance(error, RunUnusable)
    assert "127.0.0.1 is not a public address" in str(error)
    assert server.ranges == []


def test_the_portraits_are_fetched_by_hand_and_then_imported(
    magritte: Magritte, cache: ModelCache, tmp_path: Path
) -> None:
    refused = magritte("models", "get", PORTRAITS).exception
    assert isinstance(refused, Poison)
    assert "cannot be downloaded by a program: open https://mega.nz/" in str(refused)
    (tmp_path / "portraits.pkl.xz").write_bytes(lzma.compress(b"a pickle"))
    said = magritte("models", "add", PORTRAITS, str(tmp_path / "portraits.pkl.xz")).stdout
    file = cache.file(NAMED[PORTRAITS])
    assert file.read_bytes() == b"a pickle"
    assert f"from now on it is held to this one, {cache.digest(NAMED[PORTRAITS])}" in said
    assert f"not imported yet: run `magritte weights import {file}`" in said
    assert isinstance(magritte("models", "path", PORTRAITS).exception, NotFound)
    assert magritte("models", "get", PORTRAITS).stdout == f"{PORTRAITS} is here already: {file}\n"
    cache.usable(NAMED[PORTRAITS]).write_bytes(b"imported")
    assert magritte("models", "path", PORTRAITS).stdout == f"{file.with_suffix('.safetensors')}\n"


def test_a_recipe_names_a_snapshot_once_it_was_added_and_imported(
    magritte: Magritte, cache: ModelCache, recipe_file: Path, tmp_path: Path
) -> None:
    recipe_file.write_text(f"{RECIPE}training: {{start_from: {PORTRAITS}}}\n")
    (tmp_path / "official.pkl").write_bytes(snapshot(networks(seed=3), conv_clamp=None))
    magritte("models", "add", PORTRAITS, str(tmp_path / "official.pkl"))
    refused = magritte("recipe", "check", str(recipe_file)).exception
    assert isinstance(refused, RecipeError)
    told = re.search(r"run `magritte (weights import .*)`", str(refused))
    assert told
    assert magritte(*told[1].split()).exit_code == 0
    recipe = json.loads(magritte("recipe", "check", "--json", str(recipe_file)).stdout)
    assert recipe["training"]["start_from"] == str(cache.usable(NAMED[PORTRAITS]))


def test_another_file_than_the_first_is_refused_by_add(magritte: Magritte, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).write_text(name)
    assert magritte("models", "add", PORTRAITS, str(tmp_path / "first")).exit_code == 0
    error = magritte("models", "add", PORTRAITS, str(tmp_path / "second")).exception
    assert isinstance(error, Poison)
    assert "another file than danbooru2019-portraits" in str(error)


def test_an_address_of_another_kind_is_wrong_usage(magritte: Magritte) -> None:
    done = magritte("models", "get", CASCADE, "--from", "ftp://a.example/file")
    assert done.exit_code == 2
    assert "neither http:// nor https://" in done.stderr


def test_a_name_that_is_not_listed_is_wrong_usage(magritte: Magritte) -> None:
    done = magritte("models", "path", "yolo")
    assert done.exit_code == 2
    assert "lbpcascade_animeface" in done.stderr


def test_checking_a_recipe_says_in_one_line_what_a_cascade_adds(
    magritte: Magritte, recipe_file: Path, server: DownloadServer
) -> None:
    said = magritte("recipe", "check", str(recipe_file)).stderr
    assert said.count("\n") == 1
    assert "0.84 instead of 0.82" in said
    assert "`magritte models get lbpcascade_animeface` and in the recipe `faces:" in said
    magritte("models", "get", CASCADE, "--from", server.address)
    said = magritte("recipe", "check", str(recipe_file)).stderr
    assert "in the recipe `faces: {cascade: {model: lbpcascade_animeface}}`" in said
    assert "models get" not in said


@pytest.mark.parametrize("faces", ["{detector: animeface}", "{cascade: {model: lbpcascade_animeface}}"])
def test_a_recipe_that_has_chosen_is_told_nothing(
    magritte: Magritte, recipe_file: Path, server: DownloadServer, faces: str
) -> None:
    magritte("models", "get", CASCADE, "--from", server.address)
    recipe_file.write_text(f"{RECIPE}faces: {faces}\n")
    done = magritte("recipe", "check", str(recipe_file))
    assert (done.exit_code, done.stderr) == (0, "")


def test_json_comes_without_advice(magritte: Magritte, recipe_file: Path) -> None:
    assert magritte("recipe", "check", str(recipe_file), "--json").stderr == ""


def test_a_run_with_a_model_that_is_not_here_says_what_to_run_before_it_begins(
    magritte: Magritte, recipe_file: Path
) -> None:
    recipe_file.write_text(f"{RECIPE}faces: {{cascade: {{model: {CASCADE}}}}}\n")
    for words in (("recipe", "check"), ("run", "--dry-run"), ("run",)):
        error = magritte(*words, str(recipe_file)).exception
        assert isinstance(error, RecipeError)
        assert "run `magritte models get lbpcascade_animeface`" in str(error)
