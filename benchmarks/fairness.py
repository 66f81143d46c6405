"""How long a small run takes behind a large one on the same stages, against the small one alone.

Three stages in a row work 2 ms on each picture, in one thread each. The pictures of both runs are published by the rule
that `magritte resume` follows, all of the large run's before any of the small one's, and then the stages begin: the
small run has all of the large run's express messages before it. The time is that until the last stage has done the
small run's last picture. It is measured with the two lanes of each queue, and with all messages in one lane. On the
in-memory bus and, where it can be started, on a RabbitMQ of our own. Medians; one lane is measured once.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

from shared.bus import Bus, MemoryBus
from shared.bus.lanes import in_lanes
from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.declaration import Declaration, Queue
from shared.contract.messages import NO_STAMP, FaceFound, FaceUpscaled, ImageFetched, ImageKept, Message, Stamp
from shared.contract.stage import Context, Stage
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.runtime import logs
from shared.runtime.retry import IN_PROCESS
from shared.runtime.worker import Worker
from shared.runtime.worker_threads import WorkerThreads
from shared.settings import LogFormat
from shared.store.folder import FolderStore
from tests.servers.rabbitmq import RabbitMQServer

WORK_SECONDS = 0.002
TARGET = 5.0
"""Times the duration of the small run alone."""


class AllExpress:
    """Makes of a bus one whose queues have one lane in use."""

    def publish(self, message: Message, stamp: Stamp = NO_STAMP) -> None:
        """Publish an express message."""
        super().publish(message, stamp.model_copy(update={"bulk": False}))  # type: ignore[misc]


class OneLaneMemoryBus(AllExpress, MemoryBus):
    """The in-memory bus before there were lanes."""


class OneLaneRabbitMQBus(AllExpress, RabbitMQBus):
    """The bus on RabbitMQ before there were lanes."""


OpenBus = Callable[[bool, Sequence[Queue]], Bus]
"""Opens a bus with lanes or without, and with these queues, which are empty."""


class Pause(Stage[Message, None]):
    """Waits for as long as the work takes, then publishes `produced` for what it consumes, `taken`."""

    def __init__(self, taken: type[Message], produced: type[Message], watch: Callable[[Message], None]) -> None:
        name = taken.kind()
        self.declaration = Declaration(name=name, consumes=(taken,), produces=(produced,), threads=1)  # type: ignore[misc]
        self._produced, self._watch = produced, watch

    def inputs(self, message: Message, settings: None) -> None:
        return None

    def process(self, message: Message, settings: None, context: Context) -> Iterator[Message]:
        time.sleep(WORK_SECONDS)
        rest = {"face": 0, "box": (0, 0, 1, 1), "side": 1, "factor": 1, "arrival": 1, "decisions": 1, "crop": "0" * 64}
        self._watch(message)
        yield self._produced.model_validate({**rest, **message.model_dump()})


class Finish:
    """Knows when the last of a run's pictures has come to the last stage."""

    def __init__(self, run: str, pictures: int) -> None:
        self._run, self._left = run, pictures
        self._over = threading.Event()

    def note(self, message: Message) -> None:
        """Count a picture at the last stage."""
        if message.run == self._run:
            self._left -= 1
            if self._left == 0:
                self._over.set()

    def wait(self) -> None:
        """Return when all are there."""
        if not self._over.wait(120.0):
            raise SystemExit(f"{self._left} pictures of {self._run} have not come through in two minutes")


def stages(finish: Finish) -> list[Pause]:
    """Return the three stages."""
    kinds: tuple[type[Message], ...] = (ImageFetched, ImageKept, FaceFound, FaceUpscaled)
    pairs = list(pairwise(kinds))
    return [Pause(*pair, finish.note if pair == pairs[-1] else lambda _: None) for pair in pairs]


def seconds(open_bus: OpenBus, store: FolderStore, ahead: int, pictures: int, lanes: bool) -> float:
    """Return how long a run of `pictures` takes behind another of `ahead`, both on empty queues."""
    large, small = (open_run(store, _recipe(name)).name for name in ("large", "small"))
    finish = Finish(small, pictures)
    row = stages(finish)
    with closing(open_bus(lanes, [stage.declaration.inbox for stage in row])) as bus:
        _submit(bus, large, ahead)
        _submit(bus, small, pictures)
        pools = [WorkerThreads(Worker(stage, bus, store, IN_PROCESS), bus, threads=1) for stage in row]
        started = time.perf_counter()
        for pool in pools:
            pool.start()
        finish.wait()
        spent = time.perf_counter() - started
        for pool in pools:
            pool.worker.stop()
        for pool in pools:
            pool.join(10.0)
    return spent


def _recipe(name: str) -> Recipe:
    return Recipe(name=name, sources=(FolderSource(folder=Path()),))


def _submit(bus: Bus, run: str, pictures: int) -> None:
    fetched = (ImageFetched(run=run, entry=f"{number:020x}", image="0" * 64, source=0) for number in range(pictures))
    with ThreadPoolExecutor(16) as pool:  # a broker's answers take a while
        list(pool.map(lambda each: bus.publish(each[0], Stamp(bulk=each[1])), in_lanes(fetched)))


def _in_memory(lanes: bool, queues: Sequence[Queue]) -> Bus:
    return (MemoryBus if lanes else OneLaneMemoryBus)(queues, capacity=10_000)


@contextmanager
def _rabbitmq(folder: Path) -> Iterator[OpenBus]:
    with RabbitMQServer(folder) as server:

        def open_bus(lanes: bool, queues: Sequence[Queue]) -> Bus:
            bus = (RabbitMQBus if lanes else OneLaneRabbitMQBus)(server.address(server.vhost()), queues)
            bus.connect(60.0)
            return bus

        yield open_bus


def main() -> None:
    """Print seconds and ratios."""
    logs.set_up(LogFormat.PRETTY, "warning")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ahead", type=int, default=2000, help="pictures of the large run")
    parser.add_argument("--pictures", type=int, default=20, help="pictures of the small run")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is measured with lanes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store = FolderStore(Path(scratch, "store"))
        measure = partial(_measure, store, options.ahead, options.pictures, options.rounds)
        measure("in memory", _in_memory)
        missing = RabbitMQServer.missing()
        if missing:
            print(f"  RabbitMQ: not measured, needs {', '.join(missing)}: `make test` installs them where it may")
            return
        with _rabbitmq(Path(scratch, "rabbitmq")) as open_bus:
            measure("RabbitMQ", open_bus)


def _measure(store: FolderStore, ahead: int, pictures: int, rounds: int, name: str, open_bus: OpenBus) -> None:
    spent = partial(seconds, open_bus, store, pictures=pictures)
    pairs = [(spent(ahead=0, lanes=True), spent(ahead=ahead, lanes=True)) for _ in range(rounds)]
    alone, behind = (statistics.median(times) for times in zip(*pairs, strict=True))
    in_one_lane = spent(ahead=ahead, lanes=False)
    print(
        f"{name}: {pictures} pictures alone {alone:.3f} s, behind {ahead} {behind:.3f} s, {behind / alone:.1f} times "
        f"(target: within {TARGET:g}); in one lane {in_one_lane:.3f} s, {in_one_lane / alone:.0f} times"
    )


if __name__ == "__main__":
    main()
