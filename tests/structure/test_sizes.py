"""House rule: functions stay so small that each can be understood at a glance. The worst offenders are printed."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from typer import Typer

from services.magritte.main import app

REPOSITORY = Path(__file__).parents[2]
FILES = sorted(path for folder in ("services", "shared", "demo") for path in (REPOSITORY / folder).rglob("*.py"))


@dataclass(frozen=True)
class Function:
    """A function or method, and how large it is."""

    place: str
    lines: int
    parameters: int


def functions() -> Iterator[Function]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                place = f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name}"
                yield Function(place, (node.end_lineno or node.lineno) - node.lineno + 1, _parameters(node.args))


def _parameters(arguments: ast.arguments) -> int:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([argument for argument in named if argument.arg not in ("self", "cls")])


FUNCTIONS = sorted(functions(), key=lambda function: -function.lines)


def test_no_function_is_longer_than_a_screen() -> None:
    print(*(f"{function.lines:4} {function.place}" for function in FUNCTIONS[:10]), sep="\n")  # noqa: T201
    assert [function.place for function in FUNCTIONS if function.lines > 40] == []


def test_most_functions_are_a_few_lines() -> None:
    lines = [function.lines for function in FUNCTIONS]
    assert len(lines) > 300
    assert median(lines) <= 10
    assert quantiles(lines, n=10)[-1] <= 30


def commands(app: Typer) -> set[str]:
    """Return the files and names of the functions whose parameters Typer makes options of."""
    found = [info.callback for info in app.registered_commands if info.callback]
    own = {f"{callback.__module__.replace('.', '/')}.py {callback.__name__}" for callback in found}
    return own.union(*(commands(group.typer_instance) for group in app.registered_groups if group.typer_instance))


def test_no_function_but_a_command_takes_more_parameters_than_one_can_keep_in_mind() -> None:
    connects_everything = "shared/runtime/worker.py"
    many = [f for f in FUNCTIONS if f.parameters > (7 if f.place.startswith(connects_everything) else 6)]
    options = commands(app)
    assert "services/magritte/quality.py quality" in options
    assert [f"{f.parameters} {f.place}" for f in many if re.sub(r":\d+", "", f.place) not in options] == []


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(REPOSITORY)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    longest = sorted(lengths.items(), key=lambda item: -item[1])
    print(*longest[:10], sep="\n")  # noqa: T201
    assert [name for name, lines in longest if lines > 300] == []


def test_files_are_named_for_what_they_are_about() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "core", "tools"}
    assert [str(path) for path in FILES if path.stem in vague or path.parent.name in vague] == []
