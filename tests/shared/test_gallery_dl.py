import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from shared import gallery_dl
from shared.contract.errors import Unusable
from shared.recipe.gallery import Gallery, GallerySource
from shared.recipe.sources import FolderSource

REPOSITORY = Path(__file__).parents[2]
NEEDED = "gallery-dl is not installed: pip install 'magritte[boards]'"


def program(folder: Path, script: str) -> str:
    """A folder with a program of the name, and what to look for it in."""
    path = folder / gallery_dl.NAME
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(folder)


def test_the_program_that_is_installed_here_is_one_that_we_know() -> None:
    assert gallery_dl.program().name == "gallery-dl"


@pytest.mark.parametrize("version", ["1.32.18", "1.33.0", "1.32.18-dev", "1.100.0"])
def test_a_version_that_is_known_or_a_little_newer_is_taken(tmp_path: Path, version: str) -> None:
    assert gallery_dl.found_in(program(tmp_path, f"echo {version}")) == tmp_path / "gallery-dl"


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo 1.32.17", "has the version 1.32.17; needed is 1.32.18 or newer, and below 2"),
        ("echo 2.0.0", "has the version 2.0.0; needed is"),
        ("echo something else", "does not say its version, but 'something else'"),
        ("exit 1", "does not say its version, but ''"),
    ],
)
def test_another_version_is_refused_with_the_remedy(tmp_path: Path, script: str, complaint: str) -> None:
    with pytest.raises(Unusable, match=complaint) as refused:
        gallery_dl.found_in(program(tmp_path, script))
    assert "pip install 'magritte[boards]'" in str(refused.value)


def test_a_program_that_cannot_be_started_is_refused(tmp_path: Path) -> None:
    folder = program(tmp_path, "")
    Path(folder, gallery_dl.NAME).write_text("#!/no/such/interpreter\n")
    with pytest.raises(Unusable, match="does not work"):
        gallery_dl.found_in(folder)


def test_none_at_all_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="is not installed: pip install"):
        gallery_dl.found_in(str(tmp_path))


def test_recipes_without_such_a_source_need_no_program(tmp_path: Path) -> None:
    gallery_dl.check_installed([FolderSource(folder=tmp_path)])
    gallery_dl.check_installed([GallerySource(gallery=Gallery(address="https://board.example/a"))])


@pytest.mark.parametrize("command", [("recipe", "check"), ("run",)])
def test_commands_say_before_anything_else_that_it_is_not_installed(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "recipe.yaml").write_text(
        "name: anya\nsources:\n  - folder: pictures\n  - gallery: https://board.example/a\n"
    )
    python = tmp_path / "python"  # beside this one there is no gallery-dl
    python.symlink_to(sys.executable)
    environment = os.environ | {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), sysconfig.get_path("purelib")]),
        "MAGRITTE_STORE": f"folder:{tmp_path / 'store'}",
    }
    words = [str(python), "-m", "services.magritte", *command, str(tmp_path / "recipe.yaml")]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"sources[1].gallery: {NEEDED}" in " ".join(done.stderr.split())
