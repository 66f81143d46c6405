"""What `magritte run` prints of a run while it goes on."""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.magritte.progress import ProgressDisplay
from shared.contract.events import Emitted, Event, Level, Quality
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


class Failed(Event):
    """A leg has failed."""

    level = Level.WARNING

    leg: int
    failure: str


class ClassesAdded(Event):
    """A network has been given classes."""

    file: str
    classes: int


@pytest.fixture
def printed(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> Callable[[Event], str]:
    """What `magritte run` prints when the trainer emits an event."""

    def line(event: Event) -> str:
        with ProgressDisplay(Run("anya-001", recipe)) as progress:
            capsys.readouterr()
            progress.print_event(Emitted(event, "trainer", "anya-001", "run", datetime.now(UTC)))
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return line


def test_a_tick_is_a_line_with_what_people_look_at(printed: Callable[[Event], str]) -> None:
    assert printed(tick(1500, augment_p=0.12).event()) == (
        "trainer          tick  1.5 kimg  G 1.500  D 0.750  80.0 sec/kimg  ETA 3 min  p 0.120  overfitting 0.250"
    )


def test_the_figures_of_compared_pictures_are_shown(printed: Callable[[Event], str]) -> None:
    line = printed(Quality.model_validate({"kimg": 2.0} | QUALITY))
    assert line == "trainer          quality  2 kimg  SWD 23.4  memorised 1.5% of 200 pictures"


def test_a_warning_says_that_it_is_one(printed: Callable[[Event], str]) -> None:
    line = printed(Failed(leg=3, failure="loss_g not finite"))
    assert line == "trainer          warning: failed  leg 3  failure loss_g not finite"


def test_any_other_event_is_printed_with_its_fields(printed: Callable[[Event], str]) -> None:
    line = printed(ClassesAdded(file="n.npz", classes=2))
    assert line == "trainer          classes-added  file n.npz  classes 2"


def test_what_comes_from_outside_is_printed_as_it_is(printed: Callable[[Event], str]) -> None:
    line = printed(ClassesAdded(file="[b]a[/b] :smile: \x1b", classes=2))
    assert line == "trainer          classes-added  file [b]a[/b] :smile: \\x1b  classes 2"


def test_a_run_that_is_taken_up_again_says_so(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay(Run("anya-001", recipe, resumed=True)):
        pass
    assert capsys.readouterr().err == "going on with run anya-001\n"


def test_why_a_run_is_a_new_one_is_a_warning(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay(Run("anya-002", recipe, remark="run anya-001 cannot go on: [/b] \x1b")):
        pass
    assert capsys.readouterr().err == ("warning: run anya-001 cannot go on: [/b] \\x1b\nbeginning run anya-002\n")


def test_without_a_terminal_stages_at_work_are_a_line_now_and_then(
    recipe: Recipe, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProgressDisplay(Run("anya-001", recipe)) as progress:
        progress.show(STAGES)
        progress.show(STAGES[:1])
    _, *lines = capsys.readouterr().err.splitlines()
    assert lines == ["scraper 9+3 (1 dead)  deduper 0+4"]


def test_on_a_terminal_every_stage_is_a_row_with_its_outcomes(
    recipe: Recipe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    with ProgressDisplay(Run("anya-001", recipe)) as progress:
        progress.show(STAGES)
    rows = [line.split() for line in unstyled(capsys.readouterr().err).splitlines()]
    assert ["stage", *(column.value for column in COLUMNS), "waiting"] in rows
    assert ["scraper", "7", "2", "1", "3"] in rows
    assert ["deduper", "4"] in rows
    assert ["upscaler"] in rows
