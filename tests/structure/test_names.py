"""A stage has one name; everything else is derived from it."""

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from services.magritte.pipeline import PIPELINE
from shared.contract.declaration import Declaration
from shared.contract.stage import python_name, stage_name

REPOSITORY = Path(__file__).parents[2]
NO_STAGES = {"magritte"}
"""Containers that are no stages: the command line."""

FOLDERS = {
    stage_name(path.parent.name): path.parent
    for path in (REPOSITORY / "services").glob("*/__init__.py")
    if path.parent.name not in NO_STAGES
}


ALLOWED = ("shared.contract", "shared.recipe", "pydantic", "pydantic_settings")
"""What a declaration may import beside Python's own modules and its stage's events."""


def imported(path: Path) -> Iterator[str]:
    """The full names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def foreign(path: Path) -> set[str]:
    """The modules that a file imports and that are neither Python's own nor `ALLOWED`."""
    names = {name for name in imported(path) if name.partition(".")[0] not in sys.stdlib_module_names}
    return {name for name in names if not name.startswith(ALLOWED)}


def test_there_are_stages() -> None:
    assert FOLDERS.keys() == PIPELINE.containers.keys()
    assert len(FOLDERS) >= 8


@pytest.mark.parametrize("stage", sorted(FOLDERS))
def test_a_stage_is_named_after_its_folder(stage: str) -> None:
    module = import_module(f"services.{FOLDERS[stage].name}.declaration")
    declared = [value for value in vars(module).values() if isinstance(value, Declaration)]
    assert declared == list(PIPELINE.containers[stage])
    assert {each.name for each in declared} == {stage}
    assert FOLDERS[stage].name == python_name(stage)
    assert find_spec(f"services.{python_name(stage)}.stage") is not None


@pytest.mark.parametrize("stage", sorted(FOLDERS))
def test_a_declaration_imports_nothing_but_the_contract_the_recipe_and_its_stage_s_events(stage: str) -> None:
    events = f"services.{FOLDERS[stage].name}.events"
    assert foreign(FOLDERS[stage] / "declaration.py") <= {events}
    if (FOLDERS[stage] / "events.py").exists():
        assert foreign(FOLDERS[stage] / "events.py") == set()


def test_only_the_composition_root_imports_modules_by_name() -> None:
    dynamic = [
        str(path.relative_to(REPOSITORY))
        for top in ("services", "shared")
        for path in sorted((REPOSITORY / top).rglob("*.py"))
        if "importlib" in imported(path)
    ]
    assert dynamic == ["services/magritte/pipeline.py"]


@pytest.mark.parametrize("stage", sorted(FOLDERS))
def test_a_stage_tells_a_newcomer_what_it_does(stage: str) -> None:
    readme = (FOLDERS[stage] / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {stage}\n")
    assert 8 <= len(readme.splitlines()) <= 60


@pytest.mark.parametrize("stage", sorted(FOLDERS))
def test_a_stage_has_tests_in_the_mirrored_folder(stage: str) -> None:
    assert list((REPOSITORY / "tests" / "services" / FOLDERS[stage].name).glob("test_*.py"))


def test_a_module_of_the_command_line_has_a_test_file_of_its_name() -> None:
    code, tested = REPOSITORY / "services" / "magritte", REPOSITORY / "tests" / "services" / "magritte"
    modules = {path.relative_to(code) for path in code.rglob("[!_]*.py")}
    tests = {path.relative_to(tested) for path in tested.rglob("test_*.py")}
    assert len(modules) > 20
    assert modules - {path.with_name(path.name.removeprefix("test_")) for path in tests} == set()
