"""The one way in which commands print: nothing that comes from outside acts on the screen or is read as markup."""

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from shared.ledger.records import stray
from shared.visible_text import visible, visible_json

T = TypeVar("T")


class Screen(Console):
    """A console that takes every string as it is; what shall have a style is a `Text` of ours or has a `style`."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the string as a text in which no character acts on the screen."""
        return super().render_str(visible(text), **options)


def console(stderr: bool = False, width: int | None = None) -> Screen:
    """Return a console on standard output or standard error; `width` in columns, by default the terminal's."""
    return Screen(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)


def say(text: str, err: bool = False) -> None:
    """Print a text as it is, line breaks included."""
    typer.echo(visible(text, keep="\n"), err=err)


def say_json(body: Any) -> None:
    """Print a value as JSON; in ASCII where standard output does not take all characters."""
    takes_all = "utf" in (sys.stdout.encoding or "").lower()
    typer.echo(visible_json(json.dumps(body, indent=2, ensure_ascii=not takes_all)))


def remark(sentence: str) -> None:
    """Print a sentence on standard error."""
    say(sentence, err=True)


def skipped(key: str) -> None:
    """Print on standard error that an object in the store is passed over."""
    remark(stray(key))


def bar() -> Progress:
    """Return a progress bar on standard error that goes away when it is done."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
    )


def track(things: Iterable[T], what: str) -> Iterator[T]:
    """Go through things while a bar shows how many are done."""
    with bar() as progress:
        yield from progress.track(things, description=visible(what))


def take_any_character() -> None:
    """Let standard output and standard error print what their encoding has no character for as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def close_quietly() -> None:
    """Let nothing more be printed on standard output or standard error, also at the end of the process."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
