from collections.abc import Callable
from datetime import UTC, datetime
from threading import Timer

import pytest
from click.testing import Result

from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.events import Emitted
from shared.contract.messages import ImageDropped, ImageFetched, RunRequested
from shared.contract.reasons import Reason
from shared.runs.controls import cancel
from shared.runs.events import keep_event
from shared.store import FolderStore
from tests.services.magritte.conftest import unstyled
from tests.shared.ledgers import finish, note
from tests.shared.legs import complete, pack, tick

Magritte = Callable[..., Result]
FETCHED, DROPPED, IMAGE = "0a" * 10, "0d" * 10, "0b" * 32


@pytest.fixture
def pictures(store: FolderStore, run: str) -> None:
    """Two pictures of the run: one is under way, one has been dropped."""
    dropped = ImageDropped(run=run, entry=DROPPED, stage="scraper", reason=Reason.EMPTY_FILE)
    for message in (ImageFetched(run=run, entry=FETCHED, image=IMAGE, source=0), dropped):
        note(store, "scraper", message)


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
    dropped = ImageDropped(run=run, entry=FETCHED, stage="deduper", reason=Reason.CORRUPT)
    over = Timer(1.0, lambda: (note(store, "deduper", dropped), finish(store, run)))
    over.start()
    result = magritte("watch", "--every", "0.5")
    over.join()
    first, *_, last = [line for line in result.stdout.splitlines() if line.startswith(f"{run} ")]
    assert first.startswith(f"{run} gathering: ")
    assert last.startswith(f"{run} finished: ")
    assert "1 dropped" in first
    assert "1 undecided" in first
    assert "2 dropped" in last


@pytest.mark.parametrize("paused", [False, True])
def test_of_a_run_that_nobody_works_on_it_is_said_once_how_to_go_on(
    magritte: Magritte, store: FolderStore, run: str, pictures: None, paused: bool
) -> None:
    if paused:
        magritte("pause", "upscaler")
    over = Timer(2.0, lambda: cancel(store, run))
    over.start()
    result = magritte("watch", "--every", "0.5", "--patience", "0.6")
    over.join()
    assert result.exit_code == 1
    assert result.stderr.count(f"nothing has happened to {run} for 0.6 seconds. ") == 1
    hint = "`magritte continue STAGE`" if paused else "`magritte run RECIPE` goes on with it"
    assert hint in result.stderr


def test_with_a_broker_a_run_that_nobody_works_on_is_resumed(
    magritte: Magritte, store: FolderStore, broker: str, run: str
) -> None:
    over = Timer(2.0, lambda: cancel(store, run))
    over.start()
    result = magritte("watch", "--every", "0.5", "--patience", "0.6")
    over.join()
    assert f"`magritte resume {run}` publishes again what is not settled" in result.stderr


def test_after_news_it_is_said_again_and_never_of_a_run_that_is_over(
    magritte: Magritte, store: FolderStore, run: str, pictures: None
) -> None:
    dropped = ImageDropped(run=run, entry=FETCHED, stage="deduper", reason=Reason.CORRUPT)
    timers = [Timer(1.0, lambda: note(store, "deduper", dropped)), Timer(2.5, lambda: finish(store, run))]
    for timer in timers:
        timer.start()
    result = magritte("watch", "--every", "0.5", "--patience", "0")
    for timer in timers:
        timer.join()
    assert result.stderr.count("nothing has happened") == 2


def test_watching_shows_how_the_training_went(magritte: Magritte, store: FolderStore, run: str) -> None:
    pack(store, run)
    complete(store, run, 1)
    cancel(store, run)
    first = magritte("watch").stdout.splitlines()[0]
    assert first == (
        f"{run} cancelled: nothing yet; training: leg 1  1 kimg  G 1.000  D 0.500  80.0 sec/kimg  ETA 4 min"
        "  overfitting 0.250"
    )


AT = datetime(2026, 11, 27, 8, 51, 7, tzinfo=UTC)
TICKED = "1.5 kimg  G 1.500  D 0.750  80.0 sec/kimg  ETA 3 min  overfitting 0.250  at 2026-11-27 08:51:07 UTC"


def test_watching_shows_the_last_tick_since_the_snapshot(magritte: Magritte, store: FolderStore, run: str) -> None:
    keep_event(store, Emitted(tick(1500).event(), "trainer", run, "run", AT))
    cancel(store, run)
    assert magritte("watch").stdout.splitlines()[0] == f"{run} cancelled: nothing yet; last tick: {TICKED}"
    pack(store, run)
    complete(store, run, 1)
    first = magritte("watch").stdout.splitlines()[0]
    assert first.startswith(f"{run} cancelled: nothing yet; training: leg 1  1 kimg  G 1.000")
    assert first.endswith(f"; last tick: {TICKED}")


def test_on_a_terminal_the_stages_are_a_table(magritte: Magritte, run: str, pictures: None, terminal: None) -> None:
    magritte("cancel")
    rows = [line.split() for line in unstyled(magritte("watch").stdout).splitlines()]
    assert f"run {run}, cancelled: 2 pictures".split() in rows
    assert ["stage", "messages", "waiting", "dead"] in rows
    assert ["scraper", "2"] in rows


def test_what_waits_at_the_broker_is_counted(
    magritte: Magritte, bus: RabbitMQBus, run: str, pictures: None, terminal: None
) -> None:
    magritte("cancel")
    for source in range(3):
        bus.publish(RunRequested(run=run, source=source))
    assert ["scraper", "2", "3"] in [line.split() for line in unstyled(magritte("watch").stdout).splitlines()]
