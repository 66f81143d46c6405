"""Several scrapers at one board: real processes on a real broker and a real S3 server."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from shared.contract.messages import ImageFetched, RunRequested, SourceExhausted, decode_message
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from tests.faults.place import SOON, Place, wait_until
from tests.servers.boards.danbooru import Danbooru, Mixture
from tests.servers.boards.danbooru_client import EVERYTHING

PAUSE = 0.2
POSTS = Mixture(posts=24, size=(64, 64), hidden=0, deleted=0)
LOCAL = {"MAGRITTE_PRIVATE_NETWORKS": "127.0.0.1"}


@pytest.fixture
def board() -> Iterator[Danbooru]:
    with Danbooru(POSTS) as board:
        yield board


def requested(place: Place, board: Danbooru, sources: int = 1) -> str:
    """Begin a run that lists the board so many times; return its name."""
    source = {"danbooru": {"tags": [EVERYTHING], "address": board.address, "pause": PAUSE}}
    run = open_run(place.store, Recipe.model_validate({"name": "anya", "sources": [source] * sources})).name
    for number in range(sources):
        place.bus.publish(RunRequested(run=run, source=number))
    return run


def published(place: Place, until: int) -> Counter[str]:
    """Wait for so many sources to be exhausted, and count all that the ledger's queue has got, by entry or kind."""
    consumer, found = place.bus.consume("tfrecord-packer.ledger", prefetch=100), Counter[str]()
    give_up = time.monotonic() + 2 * SOON
    while found[SourceExhausted.kind()] < until:
        assert time.monotonic() < give_up, place.output()[-2000:]
        delivery = consumer.receive(1.0)
        if delivery is not None:
            message = decode_message(delivery.body)
            found[message.entry if isinstance(message, ImageFetched) else message.kind()] += 1
            delivery.ack()
    return found


@pytest.mark.fault(36, "Three scrapers at one board", "three processes, two sources of the same host")
def test_three_scrapers_ask_a_host_at_the_pace_of_one(place: Place, board: Danbooru) -> None:
    for _ in range(3):
        place.start("-m", "services.scraper", **LOCAL)
    requested(place, board, sources=2)
    found = published(place, until=2)
    assert sum(count for entry, count in found.items() if entry != SourceExhausted.kind()) == 2 * 24
    log = board.log
    assert log.smallest_pause >= 0.9 * PAUSE
    assert log.most_connections == 1
    assert len(log.requests_for("/original/*")) == 24


@pytest.mark.fault(37, "SIGKILL of the scraper that is at work", "`kill -9` in the middle of a page, two stand by")
def test_the_next_scraper_goes_on_where_one_was_killed(place: Place, board: Danbooru) -> None:
    scrapers = [place.start("-m", "services.scraper", **LOCAL)]
    requested(place, board)
    wait_until(lambda: len(board.log.requests_for("/original/*")) >= 6, "some files")
    scrapers += [place.start("-m", "services.scraper", **LOCAL) for _ in range(2)]
    scrapers[0].kill()
    found = published(place, until=1)
    assert len(found) == 1 + 24
    files = Counter(entry.path for entry in board.log.requests_for("/original/*"))
    assert len(files) == 24
    assert files.total() <= 25
    assert len(board.log.requests_for("/posts.json")) == 2
