"""The command line starts with the base dependencies alone: who only looks at runs installs no stage's libraries."""

import os
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from shared.contract import keys
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.store.folder import FolderStore

REPOSITORY = Path(__file__).parents[2]

WITHOUT = """
import sys

class Missing:
    modules = set(sys.argv.pop(1).split(","))

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from services.magritte.main import main
sys.argv[0] = "magritte"
main()
"""
"""Runs `magritte` as if the modules named by the first argument were not installed."""


@cache
def of_the_base() -> set[str]:
    """The distributions that come with `pip install magritte` and no extra."""
    found, waiting = set(), ["magritte"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            wanted = [Requirement(line) for line in requires(name) or []]
            waiting += [canonicalize_name(r.name) for r in wanted if not r.marker or r.marker.evaluate({"extra": ""})]
    return found


def of_extras() -> set[str]:
    """The modules that are installed here, but not with the base."""
    return {
        module
        for module, distributions in packages_distributions().items()
        if not of_the_base() & set(map(canonicalize_name, distributions)) and module not in ("services", "shared")
    }


def magritte(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", WITHOUT, ",".join(of_extras()), *words]
    environment = os.environ | {"MAGRITTE_STORE": f"folder:{folder}", "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store in which a run has begun, and its recipe."""
    store, pictures = tmp_path / "store", tmp_path / "pictures"
    store.mkdir()
    pictures.mkdir()
    (store / "recipe.yaml").write_text("name: anya\nsources: [{folder: ../pictures}]\n")
    open_run(FolderStore(store), Recipe(name="anya", sources=(FolderSource(folder=pictures),)))
    return store


def test_the_base_is_without_the_libraries_of_the_stages() -> None:
    assert {"numpy", "PIL", "google_crc32c", "cv2", "httpx", "tensorflow"} <= of_extras()
    assert {"pydantic", "typer", "rich", "structlog", "prometheus_client"}.isdisjoint(of_extras())


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (("--help",), "Exit codes"),
        (("recipe", "check", "recipe.yaml"), "anya, fine"),
        (("recipe", "example"), "sources:"),
        (("models",), "lbpcascade_animeface: face detector"),
        (("status",), "run anya-001"),
        (("status", "--json"), '"pictures": 0'),
    ],
)
def test_what_needs_no_stage_works(folder: Path, words: tuple[str, ...], output: str) -> None:
    done = magritte(folder, *words)
    assert done.returncode == 0, done.stderr
    assert output in done.stdout


def test_trace_says_that_it_knows_nothing(folder: Path) -> None:
    done = magritte(folder, "trace", "1.png")
    assert done.returncode == 1
    assert done.stderr == f"magritte: run anya-001 in {folder} knows nothing of 1.png\n"


def test_a_download_says_which_extra_is_missing(folder: Path) -> None:
    done = magritte(folder, "models", "get", "lbpcascade_animeface", "--from", "http://127.0.0.1:9/")
    assert done.returncode == 1
    assert "is not installed: install magritte[face-detector]" in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_says_which_extra_is_missing(folder: Path) -> None:
    (folder / keys.MANIFEST).write_text('{"resolution": 64, "members": []}')
    done = magritte(folder, "verify", str(folder))
    assert done.returncode == 1
    assert "is not installed: install magritte[tfrecord-packer]" in done.stderr
    assert "Traceback" not in done.stderr
