"""What stages are told along with a message."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from shared.contract.errors import NotFound, Poison
from shared.contract.messages import Message
from shared.contract.stage import Context, Stage
from shared.runs.registry import run_recipe
from shared.runtime.emissions import Emissions
from shared.runtime.resources import Resources
from shared.store.interface import Store

_RUNS = 256
"""Runs whose settings are remembered at a time."""


class Contexts:
    """Makes the contexts of one stage's messages.

    `is_to_stop` says of a run whether long work on it is to be given up; `emissions` take the stage's events.
    """

    def __init__(
        self,
        store: Store,
        resources: Resources,
        is_to_stop: Callable[[str], bool],
        emissions: Emissions,
    ) -> None:
        self._store = store
        self._threads = resources.threads
        self._is_to_stop = is_to_stop
        self._emissions = emissions

    def of(self, message: Message, epoch: int) -> Context:
        """Make the context of a message that was delivered in `epoch`."""
        return Context(
            store=self._store,
            epoch=epoch,
            threads=self._threads,
            stopping=partial(self._is_to_stop, message.run),
            emit=partial(self._emissions.emit, message),
        )


class RunSettings:
    """Tells a stage's settings of each run, and remembers those of the latest, since a run's recipe never changes."""

    def __init__(self, stage: Stage[Any, Any], store: Store) -> None:
        self._stage = stage
        self._store = store
        self._of_run = lru_cache(_RUNS)(self._read)

    def of(self, message: Message) -> Any:
        """Return what of a message's run matters to the message; raises `Poison` if the run has no readable recipe."""
        return self._stage.narrowed(self._of_run(message.run), message)

    def _read(self, run: str) -> Any:
        try:
            return self._stage.settings(run_recipe(self._store, run))
        except NotFound as error:
            raise Poison(f"run {run} has no recipe in the store") from error
