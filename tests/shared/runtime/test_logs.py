import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from shared.contract.messages import RunRequested
from shared.runtime import logs
from shared.settings import LogFormat

log = structlog.get_logger()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_for_machines_a_line_is_a_json_object_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogFormat.JSON, "info")
    log.info("leg complete", stage="trainer", run="anya-001", item="run", kimg=2.0)
    output = capsys.readouterr()
    assert output.out == ""
    record = json.loads(output.err)
    assert record.pop("time").endswith("Z")
    assert record == {
        "event": "leg complete",
        "level": "info",
        "stage": "trainer",
        "run": "anya-001",
        "item": "run",
        "kimg": 2.0,
    }


def test_a_line_stays_one_line_whatever_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogFormat.JSON, "info")
    log.info("fetched", name='a\n{"event": "forged"}\udce9.png', size={1, 2}.__len__)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "fetched"


@pytest.mark.parametrize("form", LogFormat)
def test_nothing_that_comes_from_outside_acts_on_the_screen(
    capsys: pytest.CaptureFixture[str], form: LogFormat
) -> None:
    logs.set_up(form, "info")
    odd = "\x1b]0;\x07\x9b31m\u202e\u2066\r\ud83d"
    try:
        raise RuntimeError(odd)
    except RuntimeError:
        structlog.get_logger().error(f"answer {odd}", name=odd, names=[odd], path=Path(odd), exc_info=True)
    output = capsys.readouterr().err
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\r", "\ud83d"} & set(output)
    assert output.count("31m") >= 4


@pytest.mark.parametrize(("level", "expected"), [("debug", 3), ("info", 3), ("warning", 2), ("error", 1)])
def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str], level: str, expected: int) -> None:
    logs.set_up(LogFormat.JSON, level)
    log = structlog.get_logger()
    log.info("one")
    log.warning("two")
    log.error("three")
    assert len(capsys.readouterr().err.splitlines()) == expected


def test_for_people_a_line_is_text_without_colours_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogFormat.PRETTY, "warning")
    structlog.get_logger().warning("retry", stage="scraper", pause=0.2)
    output = capsys.readouterr().err
    assert "retry" in output
    assert "stage=scraper" in output
    assert "\x1b" not in output


@pytest.mark.parametrize("form", LogFormat)
def test_a_traceback_is_told_without_the_variables_on_its_way(
    capsys: pytest.CaptureFixture[str], form: LogFormat
) -> None:
    logs.set_up(form, "info")
    password = "swordfish"  # noqa: F841
    try:
        raise RuntimeError("out of luck")
    except RuntimeError:
        structlog.get_logger().error("broken", exc_info=True)
    output = capsys.readouterr().err
    assert "RuntimeError: out of luck" in output
    assert 'password = "' not in output
    assert output.count("swordfish") == 0
    assert form is LogFormat.PRETTY or len(output.splitlines()) == 1


def test_what_is_always_so_is_told_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogFormat.JSON, "info", stage="deduper")
    structlog.get_logger().info("one")
    log.info("two", stage="upscaler")
    assert [json.loads(line)["stage"] for line in capsys.readouterr().err.splitlines()] == ["deduper", "upscaler"]


MESSAGE = RunRequested(run="anya-001", source=0)


def test_a_line_says_which_message_it_is_about_and_what_it_says_itself_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up(LogFormat.JSON, "info")
    with logs.About(MESSAGE, stage="scraper", attempt=2):
        log.info("retry", stage="another")
    line = json.loads(capsys.readouterr().err)
    about = {"run": "anya-001", "item": str(MESSAGE.item), "trace": logs.trace_id(MESSAGE), "attempt": 2}
    assert {name: line.get(name) for name in (*about, "stage")} == about | {"stage": "another"}


def test_after_a_message_lines_are_about_the_one_before_again(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogFormat.JSON, "info")
    with logs.About(MESSAGE):
        with suppress(RuntimeError), logs.About(None):
            log.info("no message")
            raise RuntimeError
        log.info("a message")
    log.info("neither")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("item") for line in lines] == ["?", str(MESSAGE.item), None]
