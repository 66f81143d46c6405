"""The owners of runs' state at a size that people reach: the ledger's, and the deduper's index.

Facts about pictures with one face each go over the memory bus to the owner of the ledger, which writes its journal into
a folder. Then the run is looked at as `magritte status` does. Facts about ten runs, in turn, are compared with as many
about a single one, for both owners; the two are timed one after the other, in the same process.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.counting_store import CountingStore
from services.deduper.judging import Judging
from services.magritte.report import report
from services.tfrecord_packer.bookkeeping import Bookkeeping
from shared.bus.memory import MemoryBus
from shared.contract import keys
from shared.contract.messages import (
    FaceFound,
    FaceNormalized,
    FacesCounted,
    FaceUpscaled,
    ImageFetched,
    ImageFingerprinted,
    ImageKept,
    Message,
    SourceExhausted,
    Stamp,
)
from shared.contract.owner import Owner
from shared.ledger.ledger import Ledger
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.runtime import logs
from shared.runtime.owner_worker import OwnerWorker, receive_batch
from shared.runtime.retry import IN_PROCESS
from shared.settings import LogFormat

STAMP = Stamp(stage="bench", at="2026-11-27T12:00:00.000+00:00", attempt=1, seconds=0.1, action="0" * 64)
FACTS = 7
"""Messages about a picture with one face."""


def facts(run: str, number: int) -> Iterator[Message]:
    """Yield what is published about a picture with one face."""
    image = f"{number:064x}"
    about: dict[str, Any] = {"run": run, "entry": f"{number:020x}", "image": image}
    face = about | {"face": 0, "crop": image}
    yield ImageFetched.model_validate(about | {"source": 0})
    yield fingerprint(run, number)
    yield ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1})
    yield FaceFound.model_validate(face | {"box": (0, 0, 9, 9), "side": 9})
    yield FacesCounted.model_validate(about | {"faces": 1})
    yield FaceUpscaled.model_validate(face | {"factor": 1})
    yield FaceNormalized.model_validate(face | {"picture": image})


def fingerprint(run: str, number: int) -> ImageFingerprinted:
    """Return a fingerprint that is like no other."""
    hashed = f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"
    hashes = dict.fromkeys(("phash", "mirrored_phash"), hashed)
    size = {"width": 800, "height": 600, "lossless": False, "score": 0}
    about = {"run": run, "entry": f"{number:020x}", "image": f"{number:064x}"}
    return ImageFingerprinted.model_validate({**about, **hashes, **size})


class Site:
    """An owner on a memory bus, and runs in a store."""

    def __init__(self, owner: Owner[Any, Any], folder: Path, runs: int = 1) -> None:
        self.store = CountingStore(folder)
        recipe = Recipe.model_validate(
            {"name": "bench", "sources": [FolderSource(folder=Path())], "training": {"kimg": 0}}
        )
        self.runs = [open_run(self.store, recipe, retry_failed=True).name for _ in range(runs)]
        self.bus = MemoryBus([owner.declaration.inbox], capacity=10**9)
        self.worker = OwnerWorker(owner, self.bus, self.store, IN_PROCESS)
        self.consumer = self.bus.consume(owner.declaration.queue, 1000)
        self._batching = owner.declaration.batching

    def work(self, messages: Iterator[Message]) -> float:
        """Return the seconds that the owner takes for messages; to make and to publish them is not counted."""
        assert self._batching is not None
        taken = 0.0
        while batch := list(islice(messages, self._batching.most)):
            for message in batch:
                self.bus.publish(message, STAMP)
            begun = time.perf_counter()
            self.worker.handle_batch(receive_batch(self.consumer, self._batching))
            taken += time.perf_counter() - begun
        return taken


def throughput(count: int, folder: Path) -> Site:
    """Print how fast `count` facts go through the ledger's owner, and return where they lie."""
    owner = Bookkeeping()
    site, pictures = Site(owner, folder), count // FACTS
    (run,) = site.runs
    seconds = site.work(fact for number in range(pictures) for fact in facts(run, number))
    listing = b'{"entries": {}, "count": 0}'
    site.store.put(keys.listing(run, 0), listing)
    seconds += site.work(iter([SourceExhausted(run=run, source=0, count=0)]))
    owner.rest()
    memory = Ledger(site.store, run).book().tally.memory
    print(f"{count:,} facts: {count / seconds:,.0f} a second through the ledger's owner")
    print(f"tally: {memory / pictures:.0f} bytes a picture with one face")
    return site


def status(site: Site) -> None:
    """Print how long it takes to look at the run, and how many requests that is."""
    site.store.requests.clear()
    begun = time.perf_counter()
    found = report(site.store, site.runs[0])
    seconds = time.perf_counter() - begun
    print(f"status of {found.pictures:,} pictures: {seconds:.3f} s, {site.store.requests.total()} requests")


def in_turn(make: Callable[[], Owner[Any, Any]], about: Callable[[str, int], Sequence[Message]], folder: Path) -> float:
    """Return the time per message of ten runs in turn, as a multiple of that of a single run."""
    times = []
    for runs in (1, 10):
        site = Site(make(), folder / str(runs), runs)
        pictures = ((run, number) for number in range(2000) for run in site.runs)
        messages = [message for run, number in pictures for message in about(run, number)]
        times.append(site.work(iter(messages)) / len(messages))
    return times[1] / times[0]


def main() -> None:
    """Print throughput, the time of a look, memory, and the price of ten runs in turn."""
    logs.set_up(LogFormat.PRETTY, "warning")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--scratch", type=Path, help="where the stores lie meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        site = throughput(options.facts, Path(scratch, "ledger"))
        status(site)
        shutil.rmtree(Path(scratch, "ledger"))
        ledger = in_turn(Bookkeeping, lambda run, number: list(facts(run, number)), Path(scratch, "ledgers"))
        print(f"ten runs in turn take {ledger:.2f} times as long per fact as one")
        index = in_turn(Judging, lambda run, number: [fingerprint(run, number)], Path(scratch, "indexes"))
        print(f"ten runs in turn take {index:.2f} times as long per fingerprint as one")


if __name__ == "__main__":
    main()
