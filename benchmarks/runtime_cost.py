"""What the runtime itself costs per item, beside what the stages do.

An item is one delivery: a message that a worker takes from a queue, answers and acknowledges. Five stages in a row
do next to nothing: each reads an object and writes one. That work is timed alone, as plain calls of the stages one
after another; then the same stages run in the single-process runtime on a fresh store. What the runtime adds is the
bus, the action record, the ledger and the metrics. The difference, divided by the deliveries, is the cost; what the
ledger's owner receives is not counted as deliveries.

Much of it is the file system's: an item leaves a record in a file, and on ext4 a file in a directory of its own costs
0.4 to 0.7 ms. `--scratch /dev/shm` shows what is left without.

Two differences are printed: in seconds on the clock, where a waiting thread costs and a second core helps, and in CPU
seconds of all threads, where it does not. Rounds alternate; medians.
"""

import argparse
import hashlib
import shutil
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from services.tfrecord_packer.bookkeeping import Bookkeeping
from shared.contract import keys
from shared.contract.declaration import Declaration
from shared.contract.messages import (
    FaceFound,
    FaceNormalized,
    FaceUpscaled,
    ImageFetched,
    ImageKept,
    Message,
    RunRequested,
)
from shared.contract.stage import Context, Stage
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.runtime import logs
from shared.runtime.resources import Resources
from shared.runtime.single_process import Options, SingleProcess
from shared.settings import LogFormat
from shared.store.folder import FolderStore

RECIPE = Recipe(name="bench", sources=(FolderSource(folder=Path()),))
TARGET = 2.0
"""Milliseconds per item."""


class Lister(Stage[RunRequested, None]):
    """Announces `count` pictures of one kilobyte."""

    declaration = Declaration(name="lister", consumes=(RunRequested,), produces=(ImageFetched,), threads=1)

    def __init__(self, count: int) -> None:
        self.count = count

    def process(self, message: RunRequested, settings: None, context: Context) -> Iterator[Message]:
        for number in range(self.count):
            data = number.to_bytes(4, "big") * 256
            image = hashlib.sha256(data).hexdigest()
            is_new = context.store.put_new(keys.original(image), data)
            yield ImageFetched(run=message.run, entry=image[:20], image=image, source=0, fresh=is_new)


class Copier(Stage[Message, None]):
    """Reads an object of one kilobyte and writes another, then publishes `produced` for what it consumes, `taken`."""

    def __init__(self, taken: type[Message], produced: type[Message]) -> None:
        self.declaration = Declaration(name=taken.kind(), consumes=(taken,), produces=(produced,))  # type: ignore[misc]
        self._produced = produced

    def inputs(self, message: Message, settings: None) -> Mapping[str, str]:
        return {"image": message.model_dump()["image"]}

    def process(self, message: Message, settings: None, context: Context) -> Iterator[Message]:
        about = message.model_dump()
        data = context.store.get(keys.original(about["image"])) + self.name.encode()
        about["crop"] = about["picture"] = hashlib.sha256(data).hexdigest()
        about["fresh"] = context.store.put_new(keys.crop(about["crop"]), data)
        yield _answer(self._produced, about)


def stages(count: int) -> tuple[Stage[Any, None], ...]:
    """Return the five stages in a row: one delivery per picture and copier, and one for the run."""
    kinds: tuple[type[Message], ...] = (ImageFetched, ImageKept, FaceFound, FaceUpscaled, FaceNormalized)
    return Lister(count), *(Copier(taken, produced) for taken, produced in pairwise(kinds))


def _answer(kind: type[Message], about: dict[str, Any]) -> Message:
    rest = {"face": 0, "box": (0, 0, 1, 1), "side": 1, "factor": 1, "arrival": 1, "decisions": 1}
    return kind.model_validate({**rest, **about})


def alone(count: int, store: FolderStore) -> int:
    """Do the stages' own work, one call after the other; return the number of messages that were taken."""
    run = open_run(store, RECIPE)
    context = Context(store)
    takers = {kind: stage for stage in stages(count) for kind in stage.declaration.consumes}
    waiting: deque[Message] = deque([RunRequested(run=run.name, source=0)])
    taken = 0
    while waiting:
        message = waiting.popleft()
        if type(message) in takers:
            taken += 1
            waiting.extend(takers[type(message)].process(message, None, context))
    return taken


def in_runtime(count: int, store: FolderStore, threads: int) -> int:
    """Do the same work through the single-process runtime; return the number of deliveries."""
    ledger = Bookkeeping()
    process = SingleProcess(open_run(store, RECIPE), store, (*stages(count), ledger), Options(Resources(threads)))
    process.set_up(RECIPE)
    process.run()
    return sum(sum(each.outcomes.values()) for each in process.progress() if each.stage != ledger.name)


@dataclass(frozen=True)
class Timing:
    """Seconds that something took on the clock and of all threads' CPU time, and how many items it took."""

    clock: float
    cpu: float
    items: int


def timed(work: Callable[[FolderStore], int], folder: Path) -> Timing:
    """Time `work` on a fresh store in `folder`."""
    store = FolderStore(folder)
    clock, cpu = time.perf_counter(), time.process_time()
    items = work(store)
    found = Timing(time.perf_counter() - clock, time.process_time() - cpu, items)
    shutil.rmtree(folder)
    return found


def main() -> None:
    """Print milliseconds per item, and whether the target is met."""
    logs.set_up(LogFormat.PRETTY, "warning")  # as `magritte run` does
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="where the stores lie meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        pairs = [_round(Path(scratch), options.pictures, options.threads) for _ in range(options.rounds)]
    _print(pairs, options.threads)


def _round(scratch: Path, count: int, threads: int) -> tuple[Timing, Timing]:
    work = timed(lambda store: alone(count, store), scratch / "alone")
    run = timed(lambda store: in_runtime(count, store, threads), scratch / "runtime")
    if work.items != run.items:
        raise SystemExit(f"{run.items} deliveries in the runtime, {work.items} without")
    return work, run


def _print(pairs: list[tuple[Timing, Timing]], threads: int) -> None:
    items = pairs[0][0].items
    print(f"runtime's own cost, {items} deliveries, {threads} threads a stage, {len(pairs)} rounds, ms per item:")
    for name in ("clock", "cpu"):
        work, run = (statistics.median(getattr(pair[side], name) for pair in pairs) for side in (0, 1))
        cost = 1000 * (run - work) / items
        print(
            f"  {name:>5}: stages alone {1000 * work / items:5.2f}, in the runtime {1000 * run / items:5.2f}, "
            f"cost {cost:5.2f} ({100 * (run - work) / run:.0f} % of the run; target: below {TARGET:g})"
        )


if __name__ == "__main__":
    main()
