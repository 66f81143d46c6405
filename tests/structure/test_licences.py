"""gallery-dl is under the GPL, version 2 only: it is started as a program of its own, and no file imports it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("services", "shared", "demo", "deploy", "benchmarks", "tests")
NEVER_IMPORTED = "gallery_dl"


def importing(text: str) -> Iterator[int]:
    """Yield the lines of a program that import it, by name or through a function that imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else []
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            names = [word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
        else:
            names = []
        if any(name.partition(".")[0] == NEVER_IMPORTED for name in names):
            yield node.lineno


def test_no_file_imports_it() -> None:
    paths = [path for folder in FOLDERS for path in sorted((REPOSITORY / folder).rglob("*.py"))]
    assert len(paths) > 300
    found = {path: list(importing(path.read_text(encoding="utf-8"))) for path in paths}
    assert {str(path.relative_to(REPOSITORY)): lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import gallery_dl",
        "import os, gallery_dl.job as job",
        "from gallery_dl import extractor",
        "def lazily():\n    from gallery_dl.extractor import find",
        "import_module('gallery_dl.job')",
        "__import__('gallery_dl')",
        "pytest.importorskip('gallery_dl')",
    ],
)
def test_every_way_of_importing_is_noticed(line: str) -> None:
    assert list(importing(line)) != []


@pytest.mark.parametrize("line", ["from shared import gallery_dl", "import shared.gallery_dl", "run('gallery_dl')"])
def test_a_module_of_ours_is_another(line: str) -> None:
    assert list(importing(line)) == []
