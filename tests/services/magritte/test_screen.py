import io
import json
import sys

import pytest
from rich.table import Table

from services.magritte import screen

ODD = "[bold]a[/b] :smile: \x1b[31m\x07\x9b\u202e\u2066 https://a.example 42"
SHOWN = "[bold]a[/b] :smile: \\x1b[31m\\x07\\x9b\\u202e\\u2066 https://a.example 42"


@pytest.fixture(autouse=True)
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")


def test_a_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    screen.console().print(ODD)
    screen.say(ODD)
    assert capsys.readouterr().out == f"{SHOWN}\n{SHOWN}\n"


def test_a_cell_of_a_table_is_printed_as_it_is_and_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", "", box=None, header_style="")
    table.add_row(f"{ODD}\nforged", "b")
    screen.console().print(table)
    _, line = capsys.readouterr().out.splitlines()
    assert f"{SHOWN}\\nforged" in line


def test_a_bar_shows_what_it_is_about_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(screen.track([1, 2], ODD)) == [1, 2]
    assert SHOWN in capsys.readouterr().err


def test_json_is_ascii_where_the_encoding_has_no_other_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, expected in (("utf-8", "日😀\\u009b"), ("latin-1", "\\u65e5\\ud83d\\ude00\\u009b")):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
        screen.say_json(["日😀\x9b"])
        assert json.loads(raw.getvalue().decode(encoding)) == ["日😀\x9b"]
        assert expected in raw.getvalue().decode(encoding)


def test_what_an_encoding_does_not_have_is_printed_as_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(raw, encoding="latin-1"))
    screen.take_any_character()
    screen.console().print("日本")
    screen.say("日本", err=True)
    assert raw.getvalue() == b"\\u65e5\\u672c\n" * 2
