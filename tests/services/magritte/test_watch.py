from collections.abc import Callable
from threading import Timer

import pytest
from click.testing import Result

from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.messages import ImageDropped, ImageFetched, RunRequested
from shared.contract.reasons import Reason
from shared.runs.controls import cancel
from shared.runs.registry import finish
from shared.runtime.records import leave_trail
from shared.store import FolderStore
from tests.services.magritte.conftest import unstyled
from tests.shared.legs import complete, pack

Magritte = Callable[..., Result]
FETCHED, DROPPED, IMAGE = "0a" * 10, "0d" * 10, "0b" * 32


@pytest.fixture
def pictures(store: FolderStore, run: str) -> None:
    """Two pictures of the run: one is under way, one has been dropped."""
    dropped = ImageDropped(run=run, entry=DROPPED, stage="scraper", reason=Reason.EMPTY_FILE)
    for message in (ImageFetched(run=run, entry=FETCHED, image=IMAGE, source=0), dropped):
        leave_trail(store, "scraper", message, {"at": "2026-01-01T00:00:00.000+00:00", "attempt": 1})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output counts as a terminal of 200 columns."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")


def test_watching_ends_when_the_run_does(magritte: Magritte, store: FolderStore, run: str) -> None:
    finish(store, run)
    result = magritte("watch")
    assert result.exit_code == 0
    assert f"{run} finished" in result.stdout


def test_watching_a_cancelled_run_ends_with_exit_code_one(magritte: Magritte, run: str) -> None:
    magritte("cancel")
    assert magritte("watch").exit_code == 1


def test_a_look_is_a_line_until_the_run_is_over(
    magritte: Magritte, store: FolderStore, run: str, pictures: None
) -> None:
    over = Timer(1.0, finish, (store, run))
    over.start()
    result = magritte("watch", "--every", "0.5")
    over.join()
    first, *_, last = [line for line in result.stdout.splitlines() if line.startswith(f"{run} ")]
    assert first.startswith(f"{run} gathering: ")
    assert last.startswith(f"{run} finished: ")
    for line in (first, last):
        assert "1 dropped" in line
        assert "1 undecided" in line


def test_watching_shows_how_the_training_went(magritte: Magritte, store: FolderStore, run: str) -> None:
    pack(store, run)
    complete(store, run, 1)
    cancel(store, run)
    first = magritte("watch").stdout.splitlines()[0]
    assert first == (
        f"{run} cancelled: nothing yet; training: leg 1  1 kimg  G 1.000  D 0.500  80.0 sec/kimg  ETA 4 min"
        "  overfitting 0.250"
    )


def test_on_a_terminal_the_stages_are_a_table(magritte: Magritte, run: str, pictures: None, terminal: None) -> None:
    magritte("cancel")
    rows = [line.split() for line in unstyled(magritte("watch").stdout).splitlines()]
    assert f"run {run}, cancelled: 2 pictures".split() in rows
    assert ["stage", "told", "waiting", "dead"] in rows
    assert ["scraper", "2"] in rows


def test_what_waits_at_the_broker_is_counted(
    magritte: Magritte, bus: RabbitMQBus, run: str, pictures: None, terminal: None
) -> None:
    magritte("cancel")
    for source in range(3):
        bus.publish(RunRequested(run=run, source=source))
    assert ["scraper", "2", "3"] in [line.split() for line in unstyled(magritte("watch").stdout).splitlines()]
