"""What the scraper takes to bring the pictures of an image board into the store.

A board of the demo's kind, in a process of its own, lists posts of 200 kB; its pauses are switched off, as they can be
for hosts on private networks alone. The scraper's stage walks through the listing, page by page, and writes originals,
records and listings into a folder. Then another run asks for the same search.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from demo.board.danbooru import Danbooru
from demo.board.posts import Mixture
from services.scraper.declaration import ScraperEnvironment
from services.scraper.stage import Scraper
from shared.contract.messages import ImageFetched, ListingDue, RunRequested
from shared.contract.stage import Context
from shared.recipe.recipe import Recipe
from shared.runtime import logs
from shared.settings import LogFormat
from shared.store import FolderStore


def serve(posts: int, pipe: Connection) -> None:
    """Serve a board until told to end, and send the number of requests whenever asked for it."""
    with Danbooru(Mixture(posts=posts, hidden=0, deleted=0)) as board:
        for post in board.posts:
            board.md5(post)
        pipe.send(board.address)
        while pipe.recv():
            pipe.send(len(board.log))


@contextmanager
def board(posts: int) -> Iterator[tuple[str, Connection]]:
    """Serve a board in a process of its own; yield its address and the pipe to it."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(posts, there))
    process.start()
    try:
        yield here.recv(), here
    finally:
        here.send(False)
        process.join(30)


def searched(address: str) -> dict[str, Any]:
    """Return the source that is a search for all posts of the board."""
    return {"danbooru": {"tags": ["margot_(magritte)"], "address": address, "pause": 0}}


def scraped(store: FolderStore, run: str, source: dict[str, Any]) -> int:
    """Walk through a source for a run; return the number of originals."""
    recipe = Recipe.model_validate({"name": "bench", "sources": [source]})
    scraper, fetched = Scraper(), 0
    scraper.setup(ScraperEnvironment(private_networks="127.0.0.1"), None)
    due: RunRequested | ListingDue | None = RunRequested(run=run, source=0)
    while due is not None:
        made, due = list(scraper.process(due, scraper.settings(recipe), Context(store))), None
        for message in made:
            fetched += isinstance(message, ImageFetched)
            due = message if isinstance(message, ListingDue) else due
    return fetched


def main() -> None:
    """Print files a second, processor time a file, requests and memory."""
    logs.set_up(LogFormat.PRETTY, "warning")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--scratch", type=Path, help="where the store lies meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch, board(options.posts) as (address, pipe):
        store = FolderStore(Path(scratch))
        for run in ("bench-001", "bench-002"):
            pipe.send(True)
            before = pipe.recv()
            clock, cpu = time.perf_counter(), time.process_time()
            files = scraped(store, run, searched(address))
            clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
            pipe.send(True)
            requests = pipe.recv() - before
            print(
                f"{run}: {files} originals, {files / clock:.0f} a second, {1000 * cpu / files:.2f} ms of processor "
                f"time each, {requests} requests"
            )
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at the most")


if __name__ == "__main__":
    main()
