"""The folder of results that `magritte run` keeps up to date while it works."""

import threading
import time
from pathlib import Path

import typer

from services.magritte import screen
from services.magritte.destination import check_outside
from services.magritte.fetch import say_what_stays
from services.magritte.result_files import CURVES, result_files
from services.magritte.results_folder import opened
from shared.contract.errors import MagritteError
from shared.ledger.state import RunState, find_state
from shared.recipe.own_folders import RESULTS
from shared.recipe.recipe import Recipe
from shared.runs.registry import read_state
from shared.store.interface import Store


def results_folder(recipe: Recipe, path: Path, given: Path | None, wanted: bool) -> Path | None:
    """Return the folder for the results of the runs of the recipe at `path`: `given`, or one beside it; None for none.

    Raises BadParameter if `given` lies in a source. If the one beside the recipe does, says so and returns None.
    """
    if given is not None and not wanted:
        raise typer.BadParameter("is not for a run without a folder of results", param_hint="--results")
    if not wanted:
        return None
    folder = given or path.absolute().parent / RESULTS
    try:
        check_outside(recipe, f"of {path}", folder, "--results")
    except typer.BadParameter as error:
        if given is not None:
            raise
        screen.remark(f"no folder of results is kept: {error.message} with --results, or give --no-results")
        return None
    return folder


class KeptResults:
    """Brings `folder` up to date whenever there is a new data set, snapshot or ranking of a run.

    A folder that cannot be written costs a sentence, not the run. The run's state, one small object, is read again
    after `pause` seconds.
    """

    def __init__(self, store: Store, run: str, folder: Path | None, pause: float = 2.0) -> None:
        self.store = store
        self.run = run
        self._folder = folder / run if folder is not None else None
        self._pause = pause
        self._thread: threading.Thread | None = None
        self._looked = time.monotonic()
        self._seen = _results_in(find_state(store, run)) if folder is not None else None

    def look(self) -> None:
        """See whether there is something new, and begin to write it in a thread of its own; never waits for that."""
        if self._folder is None or time.monotonic() - self._looked < self._pause:
            return
        self._looked = time.monotonic()
        if self._thread is not None and self._thread.is_alive():
            return
        seen = _results_in(find_state(self.store, self.run))
        if seen != self._seen:
            self._seen = seen
            self._thread = threading.Thread(target=self._update, args=(self._folder,), name="results", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Bring the folder up to date, and say where it is; nothing is written before there is a data set."""
        if self._folder is None:
            return
        if self._thread is not None:
            self._thread.join()
        if self._update(self._folder):
            screen.say(f"{'in a folder':>12}  {self._folder}")

    def _update(self, folder: Path) -> bool:
        """Write what is new; return whether the folder has all results now."""
        try:
            if read_state(self.store, self.run).dataset is None:
                return False
            with opened(folder) as results:
                wanted = result_files(self.store, self.run, read_state(self.store, self.run))
                say_what_stays(folder, results.update(wanted, keep=CURVES))
        except MagritteError as error:
            screen.remark(f"the results in {folder} are not up to date: {error}; `magritte fetch` writes them again")
            return False
        return True


def _results_in(state: RunState | None) -> tuple[object, ...]:
    """Return what changes when a run has new results."""
    return (state.dataset, state.snapshot, state.ranking) if state is not None else ()
