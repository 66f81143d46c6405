"""A stage has one name; everything else is derived from it."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.contract.pipeline import PIPELINE
from shared.contract.stage import python_name, stage_name

REPOSITORY = Path(__file__).parents[2]
NO_STAGES = {"magritte"}
"""Containers that are no stages: the command line."""

FOLDERS = {
    stage_name(path.parent.name): path.parent
    for path in (REPOSITORY / "services").glob("*/__init__.py")
    if path.parent.name not in NO_STAGES
}


def declared_names(folder: Path) -> list[str]:
    """The `name` of every class in the folder's stage.py that has one and derives from `Stage`."""
    tree = ast.parse((folder / "stage.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    stages = [node for node in classes if any(ast.unparse(base).startswith("Stage") for base in node.bases)]
    return [
        ast.literal_eval(line.value)
        for stage in stages
        for line in stage.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "name"
    ]


def test_there_are_stages() -> None:
    assert len(FOLDERS) == len(PIPELINE) >= 8


@pytest.mark.parametrize("stage", sorted(FOLDERS))
def test_a_stage_is_named_after_its_folder(stage: str) -> None:
    assert declared_names(FOLDERS[stage]) == [stage]
    assert FOLDERS[stage].name == python_name(stage)
    assert find_spec(f"services.{python_name(stage)}.stage") is not None


@pytest.mark.parametrize("stage", sorted(FOLDERS))
def test_a_stage_tells_a_newcomer_what_it_does(stage: str) -> None:
    readme = (FOLDERS[stage] / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {stage}\n")
    assert 8 <= len(readme.splitlines()) <= 60


@pytest.mark.parametrize("stage", sorted(FOLDERS))
def test_a_stage_has_tests_in_the_mirrored_folder(stage: str) -> None:
    assert list((REPOSITORY / "tests" / "services" / FOLDERS[stage].name).glob("test_*.py"))
