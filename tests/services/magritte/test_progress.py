"""What `magritte run` prints of a run while it goes on."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from services.magritte.progress import Progress
from shared.recipe.recipe import Recipe
from shared.runs.registry import Run
from shared.runtime.outcome import Outcome
from shared.runtime.single_process import StageProgress
from tests.services.magritte.conftest import unstyled
from tests.shared.legs import QUALITY, tick

COLUMNS = (Outcome.DONE, Outcome.REUSED, Outcome.DROPPED, Outcome.RETRIED, Outcome.DEAD)
STAGES = [
    StageProgress("scraper", Counter({Outcome.DONE: 7, Outcome.DROPPED: 2, Outcome.DEAD: 1}), 3),
    StageProgress("deduper", Counter(), 4),
    StageProgress("upscaler", Counter(), 0),
]


@pytest.fixture
def said(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What `magritte run` prints when the trainer says something."""

    def say(event: str, **fields: Any) -> str:
        with Progress(Run("anya-001", recipe)) as progress:
            capsys.readouterr()
            progress.say(event, stage="trainer", run="anya-001", item="run", **fields)
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return say


def test_a_tick_is_a_line_with_what_people_look_at(said: Callable[..., str]) -> None:
    line = said("tick", **tick(1500, augment_p=0.12).line())
    assert line == (
        "trainer          tick  1.5 kimg  G 1.500  D 0.750  80.0 sec/kimg  ETA 3 min  p 0.120  overfitting 0.250"
    )


def test_the_figures_of_compared_pictures_are_shown(said: Callable[..., str]) -> None:
    line = said("quality", kimg=2.0, **QUALITY)
    assert line == "trainer          quality  2 kimg  SWD 23.4  memorised 1.5% of 200 pictures"


def test_a_leg_that_diverged_is_a_warning(said: Callable[..., str]) -> None:
    line = said("diverged", leg=3, failure="loss_g not finite", remedy="goes back, with other random numbers")
    assert line.startswith("trainer          warning: diverged  leg 3  failure loss_g not finite  remedy goes back")


def test_anything_else_is_told_with_its_fields(said: Callable[..., str]) -> None:
    assert said("classes-added", file="n.npz", classes=2) == "trainer          classes-added  file n.npz  classes 2"


def test_what_comes_from_outside_is_printed_as_it_is(said: Callable[..., str]) -> None:
    assert said("fetched", name="[b]a[/b] :smile: \x1b") == "trainer          fetched  name [b]a[/b] :smile: \\x1b"


def test_a_run_that_is_taken_up_again_says_so(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(Run("anya-001", recipe, resumed=True)):
        pass
    assert capsys.readouterr().err == "going on with run anya-001\n"


def test_why_a_run_is_a_new_one_is_a_warning(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(Run("anya-002", recipe, remark="run anya-001 cannot go on: [/b] \x1b")):
        pass
    assert capsys.readouterr().err == ("warning: run anya-001 cannot go on: [/b] \\x1b\nbeginning run anya-002\n")


def test_without_a_terminal_stages_at_work_are_a_line_now_and_then(
    recipe: Recipe, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress(Run("anya-001", recipe)) as progress:
        progress.show(STAGES)
        progress.show(STAGES[:1])
    _, *lines = capsys.readouterr().err.splitlines()
    assert lines == ["scraper 9+3 (1 dead)  deduper 0+4"]


def test_on_a_terminal_every_stage_is_a_row_with_its_outcomes(
    recipe: Recipe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    with Progress(Run("anya-001", recipe)) as progress:
        progress.show(STAGES)
    rows = [line.split() for line in unstyled(capsys.readouterr().err).splitlines()]
    assert ["stage", *(column.value for column in COLUMNS), "waiting"] in rows
    assert ["scraper", "7", "2", "1", "3"] in rows
    assert ["deduper", "4"] in rows
    assert ["upscaler"] in rows
