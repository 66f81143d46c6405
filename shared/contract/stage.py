"""What a stage is: pure work on one message, told apart from how messages travel and where objects lie."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from shared.contract.messages import Message
from shared.recipe.recipe import Recipe

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Action:
    """Something that a stage makes of an input, named by its content.

    `settings` holds all that the result depends on beside the input, `inputs` identifies the input. Two
    deliveries with the same action have the same outcome, in whatever run they occur.
    """

    stage: str
    version: int
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all four parts, in hexadecimal."""
        parts = [self.stage, self.version, self.settings, self.inputs]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Objects(Protocol):
    """The part of the store that a stage sees (`shared.store.interface.Store` has it)."""

    def get(self, key: str) -> bytes: ...
    def put(self, key: str, data: bytes) -> None: ...
    def put_new(self, key: str, data: bytes) -> bool: ...
    def exists(self, key: str) -> bool: ...
    def list(self, prefix: str) -> Iterable[str]: ...
    def delete(self, key: str) -> None: ...
    def put_file(self, key: str, path: Path) -> None: ...
    def file(self, key: str) -> AbstractContextManager[Path]: ...


@dataclass(frozen=True)
class Context:
    """The settings and functions that the runtime gives a stage along with a message.

    `threads` is how many threads a stage may start for one message; `say` tells whoever watches the run.

    Long work (training, walking a source) looks at `stopping` between steps and returns early when it is true;
    what it has not done is asked for again later. `session` is the delivery's: what a stage remembers of a run
    holds within one session only, since between two of them another process may have worked on it.

    What a stage makes of one picture has a time limit. Once it is over `given_up` is true: nobody waits for the
    result, and what was started for it (a child process) should end.
    """

    recipe: Recipe
    store: Objects
    session: int = 0
    threads: int = 1
    stopping: Callable[[], bool] = lambda: False
    given_up: Callable[[], bool] = lambda: False
    say: Callable[..., None] = lambda *_, **__: None


@dataclass(frozen=True)
class Death:
    """One of the items that a message is about could not be processed, because of an error that nobody expected.

    The runtime writes a dead letter for `entry` and tells of it; the message's other items are none the worse.
    """

    entry: str
    error: Exception


def single_errors(error: BaseException) -> list[BaseException]:
    """Return the errors that an exception group holds, at whatever depth; of any other error, itself."""
    if isinstance(error, BaseExceptionGroup):
        return [single for each in error.exceptions for single in single_errors(each)]
    return [error]


def sentence(error: BaseException) -> str:
    """Return what an error says, or its type if it says nothing, and its notes; for a group, what its errors say."""
    told = "; ".join(str(each) or type(each).__name__ for each in single_errors(error))
    return " ".join([told, *(f"({note})" for note in getattr(error, "__notes__", ()))])


class Stage(Generic[M]):
    """One step of the pipeline. Subclasses set `name` and `version` and implement `process`.

    `version` is part of every action's digest: raise it when the same input gives another result.
    `setup` runs once per process before the first message: load models there, prove that they work, and raise
    `shared.contract.errors.Unusable` when they do not. `process` may run in several threads at once.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1

    def setup(self, recipe: Recipe | None) -> None:
        """Load what `process` needs and prove that it works; `recipe` is the first run's, if one is known."""

    def action(self, message: M, context: Context) -> Action | None:
        """Return the action that `message` asks for; None when the outcome depends on more than the message."""
        return None

    def process(self, message: M, context: Context) -> Iterable[Message | Death]:
        """Process `message`: put objects, return what there is to announce.

        With an action, all messages are recorded before the first is published; without one they are published
        as they come, and there may be deaths among them.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release what `setup` took."""


def python_name(name: str) -> str:
    """Spell a stage's name such as `face-detector` as Python does: `face_detector`."""
    return name.replace("-", "_")


def stage_name(python: str) -> str:
    """Spell a stage's name such as `face_detector` as everything but Python does: `face-detector`."""
    return python.replace("_", "-")
