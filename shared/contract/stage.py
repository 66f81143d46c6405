"""The base class of stages: pure work on one message, independent of bus and store."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

from shared.contract.declaration import Declaration
from shared.contract.events import Event
from shared.contract.memory import Action, Codec, keep, recall
from shared.contract.messages import Message
from shared.contract.objects import Objects
from shared.recipe.recipe import Recipe

__all__ = [
    "Action",
    "Codec",
    "Context",
    "Death",
    "Objects",
    "Stage",
    "python_name",
    "sentence",
    "single_errors",
    "stage_name",
]

M = TypeVar("M", bound=Message)
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """The store and the functions that the runtime gives a stage along with a message.

    What is made of a `fresh` picture cannot have been recorded before.

    `threads` is how many threads a stage may start for one message; `emit` takes an event of a type that the stage
    declares to whoever watches the run.

    Long work (training, walking a source) looks at `stopping` between steps and returns early when it is true;
    what it has not done is asked for again later. `epoch` is the delivery's: what a stage remembers of a run
    holds within one epoch only, since between two of them another process may have worked on it.

    What a stage makes of one picture has a time limit. Once it is over `given_up` is true: nobody waits for the
    result, and what was started for it (a child process) should end.
    """

    store: Objects
    epoch: int = 0
    threads: int = 1
    fresh: bool = False
    stopping: Callable[[], bool] = lambda: False
    given_up: Callable[[], bool] = lambda: False
    emit: Callable[[Event], None] = lambda _: None

    def memo(self, action: Action, compute: Callable[[], T], codec: Codec[T]) -> T:
        """Return the recorded value of `action`; without one, call `compute`, record its value and return it."""
        known = None if self.fresh else recall(self.store, action, codec)
        if known is None:
            known = compute()
            keep(self.store, action, known, codec)
        return known


@dataclass(frozen=True)
class Death:
    """One of the items that a message is about could not be processed, because of an error that nobody expected.

    The runtime writes a dead letter for `entry` and publishes `ItemDied`; the message's other items are none the worse.
    """

    entry: str
    error: Exception


def single_errors(error: BaseException) -> list[BaseException]:
    """Return the errors that an exception group holds, at whatever depth; of any other error, itself."""
    if isinstance(error, BaseExceptionGroup):
        return [single for each in error.exceptions for single in single_errors(each)]
    return [error]


def sentence(error: BaseException) -> str:
    """Return the text of an error, or its type without a text, and its notes; for a group, those of its errors."""
    causes = "; ".join(str(each) or type(each).__name__ for each in single_errors(error))
    return " ".join([causes, *(f"({note})" for note in getattr(error, "__notes__", ()))])


class Stage(ABC, Generic[M, S]):
    """One step of the pipeline: what it declares, and pure work on a message under the settings `S`.

    `S` is all of a recipe that the stage sees: a frozen dataclass or pydantic model, or None. As JSON it is part of the
    action, without the fields that a pydantic model excludes (`Field(exclude=True)`): these say where something lies
    or how it is got, which another field or an input names by its content.

    `process` may run in several threads at once.
    """

    declaration: ClassVar[Declaration]

    @property
    def name(self) -> str:
        """Name of the stage's container, which signs what it announces."""
        return self.declaration.name

    def setup(self, environment: Any, settings: S | None) -> None:
        """Load what `process` needs and prove that it works, once per process and before the first message.

        `environment` is an instance of the declared model; `settings` are the first run's, if one is known. Raises
        `shared.contract.errors.Unusable` when something does not work.
        """

    def settings(self, recipe: Recipe) -> S:
        """Return the settings that a recipe, as submitted, means for this stage."""
        return cast(S, None)

    def narrowed(self, settings: S, message: M) -> S:
        """Return the part of `settings` that `message` depends on; only that is digested and passed to `process`."""
        return settings

    def inputs(self, message: M, settings: S) -> Mapping[str, Any] | None:
        """Return what identifies the input of `message`; None when it is not to be recorded.

        With inputs, the outcome is recorded, and whoever asks for the same is answered from the record.
        """
        return None

    @abstractmethod
    def process(self, message: M, settings: S, context: Context) -> Iterable[Message | Death]:
        """Process `message`: put objects, return what there is to announce.

        With inputs, all messages are recorded before the first is published; without them they are published
        as they come, and there may be deaths among them.
        """

    def close(self) -> None:
        """Release what `setup` took."""


def python_name(name: str) -> str:
    """Spell a stage's name such as `face-detector` as Python does: `face_detector`."""
    return name.replace("-", "_")


def stage_name(python: str) -> str:
    """Spell a stage's name such as `face_detector` as everything but Python does: `face-detector`."""
    return python.replace("_", "-")
