"""One item of a source that nobody can process: its dead letter at a real broker, and another chance for it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.magritte.pipeline import PIPELINE
from services.scraper.sources import SOURCES, Fetched, Item
from services.scraper.sources.folder import FolderSource
from services.scraper.stage import Scraper
from services.tfrecord_packer.bookkeeping import Bookkeeping
from shared.bus import Bus, open_bus
from shared.contract import keys
from shared.contract.messages import ImageFetched, ItemDied, RunRequested
from shared.contract.reasons import Drop
from shared.ledger.ledger import Ledger
from shared.recipe import sources as recipe
from shared.recipe.recipe import Recipe
from shared.runs import dead_letters
from shared.runs.dead_letters import Letter, LetterState
from shared.runs.registry import open_run
from shared.runtime.outcome import Outcome
from shared.runtime.owner_worker import OwnerWorker
from shared.runtime.retry import RetryLadder
from shared.runtime.worker import Worker
from shared.store import FolderStore
from tests.servers.rabbitmq import RabbitMQServer

SOON = 30.0
"""Seconds within which a message arrives, on any machine."""


class Surprising(FolderSource):
    """A folder in which one file is more than a library can bear, until the file `.mended` is there."""

    def fetch(self, item: Item) -> Fetched | Drop:
        if item.origin == "1.png" and not Path(item.place).with_name(".mended").exists():
            raise ExceptionGroup("unhandled errors in a TaskGroup", [ZeroDivisionError("a picture of no width")])
        return super().fetch(item)


@dataclass
class Scraping:
    """A run whose source is asked for at a broker, the scraper there, and the owner of the run's ledger."""

    bus: Bus
    store: FolderStore
    run: str
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(Scraper(), self.bus, self.store, RetryLadder(()))
        self.consumer = self.bus.consume("scraper")
        self._keeper = OwnerWorker(Bookkeeping(), self.bus, self.store, RetryLadder(()))
        self._published = self.bus.consume(Bookkeeping.declaration.queue)

    def work(self) -> Outcome:
        """Handle the next message, and those by which the source's pages ask for one another."""
        outcomes, patience = [], SOON
        while (delivery := self.consumer.receive(patience)) is not None:
            outcomes.append(self.worker.handle(delivery))
            patience = 1.0
        return outcomes[-1]

    def keep_ledger(self) -> None:
        """Write down all that has been published."""
        while (delivery := self._published.receive(1.0)) is not None:
            assert self._keeper.handle(delivery) is Outcome.DONE

    def kinds_of(self, entry: str) -> set[str]:
        """Return the types of the messages about an entry."""
        self.keep_ledger()
        return {record.message.kind() for record in Ledger(self.store, self.run).records(entry)}

    def close(self) -> None:
        for consumer in (self.consumer, self._published):
            consumer.close()

    def letter(self) -> Letter:
        (letter,) = dead_letters.letters(self.store)
        return letter


@pytest.fixture
def scraping(
    tmp_path: Path, rabbitmq: RabbitMQServer, drawings: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scraping]:
    """A folder of three pictures, of which the second fails."""
    vhost = rabbitmq.vhost()
    monkeypatch.setitem(SOURCES, recipe.FolderSource, Surprising)
    monkeypatch.setenv("MAGRITTE_BUS", rabbitmq.address(vhost))
    monkeypatch.setenv("MAGRITTE_STORE", f"folder:{tmp_path / 'data'}")
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        (tmp_path / "pictures" / f"{number}.png").write_bytes(drawings[number])
    store = FolderStore(tmp_path / "data")
    run = open_run(store, Recipe(name="anya", sources=(recipe.FolderSource(folder=tmp_path / "pictures"),))).name
    bus = open_bus(rabbitmq.address(vhost), PIPELINE.queues, [1.0], "test")
    bus.connect(SOON)
    scraping = Scraping(bus, store, run)
    bus.publish(RunRequested(run=run, source=0))
    yield scraping
    scraping.close()
    bus.close()
    rabbitmq.remove_vhost(vhost)


def magritte(*words: str) -> str:
    """Return what the command line says in the environment of the test."""
    command = [sys.executable, "-m", "services.magritte", *words]
    process = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_one_dead_item_is_listed_shown_and_replayed_alone(scraping: Scraping, tmp_path: Path) -> None:
    assert scraping.work() is Outcome.DONE
    (listed,) = json.loads(magritte("dead", "list", "--json"))
    assert (listed["queue"], listed["error"]) == ("scraper", "ZeroDivisionError")
    assert listed["reason"] == "a picture of no width (at 1.png)"
    shown = json.loads(magritte("dead", "show", listed["name"]))
    assert "in fetch" in shown["traceback"]
    assert scraping.kinds_of(listed["item"]) == {ItemDied.kind()}
    (tmp_path / "pictures" / ".mended").touch()
    (tmp_path / "pictures" / "0.png").unlink()  # it is not looked at again
    assert "replayed 1 of 1" in magritte("dead", "replay")
    assert scraping.work() is Outcome.DONE
    assert scraping.kinds_of(listed["item"]) == {ItemDied.kind(), ImageFetched.kind()}
    assert scraping.letter().state is LetterState.REPLAYED
    entries = json.loads(scraping.store.get(keys.listing(scraping.run, 0)))["entries"]
    assert ["image" in found for found in entries.values()] == [True] * 3


def test_what_dies_again_after_a_replay_has_one_letter_that_says_so(scraping: Scraping) -> None:
    scraping.work()
    magritte("dead", "replay")
    assert scraping.work() is Outcome.DONE
    letter = scraping.letter()
    assert (letter.state, len(letter.replays)) == (LetterState.DEAD, 1)


@pytest.mark.parametrize("is_heard", [True, False], ids=["", "before its ledger has heard of the death"])
def test_resuming_the_run_tries_a_dead_item_again(scraping: Scraping, tmp_path: Path, is_heard: bool) -> None:
    scraping.work()
    if is_heard:
        scraping.keep_ledger()
    (tmp_path / "pictures" / ".mended").touch()
    published = json.loads(magritte("resume", "--json"))["published"]
    assert published["listing-due"] == 1
    assert scraping.work() is Outcome.DONE
    assert ImageFetched.kind() in scraping.kinds_of(scraping.letter().item)
