"""Commands print through `services.magritte.screen` alone, so that nothing from outside acts on the screen."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SCREEN = REPOSITORY / "services" / "magritte" / "screen.py"
COMMANDS = sorted(set((REPOSITORY / "services" / "magritte").glob("*.py")) - {SCREEN})

OTHER_WAYS = {"Console", "print", "track", "typer.echo", "typer.secho", "sys.stdout.write", "sys.stderr.write"}
"""Calls that print past it; `track` is rich's, `screen.track` is not meant."""


def printing(text: str) -> list[str]:
    """Every call in a program that prints past the screen, with its line."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [f"{call.lineno}: {ast.unparse(call.func)}" for call in calls if ast.unparse(call.func) in OTHER_WAYS]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: path.stem)
def test_a_command_prints_through_the_screen(command: Path) -> None:
    assert printing(command.read_text(encoding="utf-8")) == []


def test_other_ways_to_print_are_noticed() -> None:
    found = printing("Console(stderr=True).print('a')\nscreen.say('a')\ntyper.echo('a')\n")
    assert sorted(found) == ["1: Console", "3: typer.echo"]
    assert printing(SCREEN.read_text(encoding="utf-8")) != []
