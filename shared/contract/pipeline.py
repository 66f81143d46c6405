"""The list of stages: the one place that knows them all, and from which queues and routes are derived.

A new stage is a folder in `services/` and an entry here.
"""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from importlib import import_module
from typing import Any

from shared.contract import messages as m
from shared.contract.errors import Unusable
from shared.contract.stage import Stage, python_name


@dataclass(frozen=True)
class Queue:
    """Messages that wait for a stage.

    With `single_active_consumer` one consumer at a time gets them, one by one: for state that has one owner.
    """

    name: str
    consumes: tuple[type[m.Message], ...]
    single_active_consumer: bool = False


@dataclass(frozen=True)
class Step:
    """A stage's place in the pipeline: its queues, and what it may publish besides `ItemDied`.

    `threads` is the number of messages that it works on at once, when its operator cannot choose that. A message that
    takes longer than `longest` seconds hangs. `long` work is given up when a process is asked to end, since it
    takes longer than anybody waits.
    """

    name: str
    queues: tuple[Queue, ...]
    produces: tuple[type[m.Message], ...]
    threads: int | None = None
    _: KW_ONLY
    longest: float = 600.0
    long: bool = False

    def stage(self) -> Stage[Any]:
        """Import the stage's package and return the stage. Raises `Unusable` when its extra is not installed."""
        try:
            module = import_module(f"services.{python_name(self.name)}.stage")
        except ModuleNotFoundError as error:
            raise Unusable(f"{self.name} needs {error.name}: install magritte[{self.name}]") from error
        made: Stage[Any] = module.STAGE()
        return made

    def queue_of(self, message: m.Message | None) -> str:
        """Return the stage's queue that messages of this type come from; for None, its first queue."""
        fitting = (queue.name for queue in self.queues if type(message) in queue.consumes)
        return next(fitting, self.queues[0].name)


_HOURS = 3600.0


PIPELINE: tuple[Step, ...] = (
    Step(
        "scraper",
        queues=(Queue("scraper", (m.RunRequested,)),),
        produces=(m.ImageFetched, m.ImageDropped, m.SourceExhausted),
        longest=24 * _HOURS,  # a source with tens of thousands of pictures, asked politely
        long=True,
    ),
    Step(
        "deduper",
        queues=(
            Queue("deduper", (m.ImageFetched,)),
            Queue("deduper.index", (m.ImageFingerprinted,), single_active_consumer=True),
        ),
        produces=(m.ImageFingerprinted, m.ImageDropped, m.ImageKept, m.ImageSuperseded),
    ),
    Step(
        "face-detector",
        queues=(Queue("face-detector", (m.ImageKept,)),),
        produces=(m.FaceFound, m.FaceDropped, m.FacesCounted, m.ImageDropped),
    ),
    Step(
        "upscaler",
        queues=(Queue("upscaler", (m.FaceFound,)),),
        produces=(m.FaceUpscaled, m.FaceDropped),
    ),
    Step(
        "normalizer",
        queues=(Queue("normalizer", (m.FaceUpscaled,)),),
        produces=(m.FaceNormalized, m.FaceDropped),
    ),
    Step(
        "tfrecord-packer",
        queues=(
            Queue(
                "tfrecord-packer",
                consumes=(
                    m.SourceExhausted,
                    m.ImageDropped,
                    m.ImageKept,
                    m.ImageSuperseded,
                    m.FacesCounted,
                    m.FaceDropped,
                    m.FaceNormalized,
                    m.ItemDied,
                ),
                single_active_consumer=True,
            ),
        ),
        # It drops what is of no class, and tells itself of the run when that cannot be packed.
        produces=(m.DatasetPacked, m.ImageDropped, m.SourceExhausted),
        longest=6 * _HOURS,
    ),
    Step(
        "trainer",
        queues=(Queue("trainer", (m.DatasetPacked, m.LegDue)),),
        produces=(m.LegDue, m.SnapshotTaken),
        threads=1,
        longest=6 * _HOURS,
        long=True,
    ),
    Step(
        "ranker",
        queues=(Queue("ranker", (m.SnapshotTaken,)),),
        produces=(m.RankingReady,),
        threads=1,
        longest=6 * _HOURS,
    ),
)


def step(name: str) -> Step:
    """Return the pipeline's entry for a stage; raises `KeyError` when there is none."""
    return {entry.name: entry for entry in PIPELINE}[name]


def queues() -> Iterator[Queue]:
    """Yield all queues, in pipeline order."""
    for entry in PIPELINE:
        yield from entry.queues


def routes(kind: type[m.Message]) -> tuple[Queue, ...]:
    """Return the queues that a message of this type goes to."""
    return tuple(queue for queue in queues() if kind in queue.consumes)


def producer(kind: type[m.Message]) -> str:
    """Return the first stage that publishes messages of this type."""
    return next(entry.name for entry in PIPELINE if kind in entry.produces)
