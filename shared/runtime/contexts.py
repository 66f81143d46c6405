"""What stages are told along with a message."""

from collections.abc import Callable
from functools import partial

from shared.contract.errors import NotFound, Poison
from shared.contract.messages import Message
from shared.contract.pipeline import Step
from shared.contract.stage import Context
from shared.recipe.recipe import Recipe
from shared.runs.registry import run_recipe
from shared.runtime.resources import Resources
from shared.store.interface import Store


class Contexts:
    """Makes the contexts of one step's messages, and remembers the recipes of their runs, which never change.

    `is_to_stop` says of a run whether long work on it is to be given up; `say` is told what the stage has to say.
    """

    def __init__(
        self,
        step: Step,
        store: Store,
        resources: Resources,
        is_to_stop: Callable[[str], bool],
        say: Callable[..., None],
    ) -> None:
        self._step = step
        self._store = store
        self._threads = resources.threads
        self._is_to_stop = is_to_stop
        self._say = say
        self._recipes: dict[str, Recipe] = {}

    def of(self, message: Message, session: int) -> Context:
        """Make the context of a message of a session; raises `Poison` if its run has no readable recipe."""
        return Context(
            recipe=self._recipe(message.run),
            store=self._store,
            session=session,
            threads=self._threads,
            stopping=partial(self._is_to_stop, message.run),
            say=partial(self._say, stage=self._step.name, run=message.run, item=message.item),
        )

    def _recipe(self, run: str) -> Recipe:
        if run not in self._recipes:
            try:
                self._recipes[run] = run_recipe(self._store, run)
            except NotFound as error:
                raise Poison(f"run {run} has no recipe in the store") from error
        return self._recipes[run]
