"""Runs in the store: which there are, which to go on with, and what is known of each."""

import re
from dataclasses import dataclass

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.items import WholeRun
from shared.contract.messages import ListingDue, RunRequested
from shared.ledger.fates import Fate
from shared.ledger.ledger import Ledger, phase_settings
from shared.ledger.progress import Phase
from shared.ledger.records import Skipped, ignored, read_recipe_of, run_names
from shared.ledger.state import RunState
from shared.recipe.recipe import Recipe
from shared.runs.dead_letters import LetterState, keep_letter, letters
from shared.store.interface import Store


@dataclass(frozen=True)
class Run:
    """One run of a recipe; `resumed` when an earlier process began it.

    `remark` says why the run before is not gone on with, if that is for a reason that a person should know.
    """

    name: str
    recipe: Recipe
    resumed: bool = False
    remark: str = ""


def open_run(store: Store, recipe: Recipe, retry_failed: bool = False) -> Run:
    """Go on with the unfinished run of this very recipe, or begin a new one.

    A new run of a recipe that has run before lists the sources again and does again only what is new. With
    `retry_failed` a run is always new, and asks again at once for whatever earlier ones did not get.
    """
    earlier = [run for run in run_names(store) if _number(run, recipe.name) is not None]
    latest = max(earlier, key=lambda run: _number(run, recipe.name) or 0, default=None)
    remark = ""
    try:
        if latest is not None and not retry_failed and _goes_on(store, latest, recipe):
            return Run(latest, recipe, resumed=True)
    except Unreadable as error:
        remark = f"run {latest} cannot go on, a new one begins: {error.problem}"
    number = (_number(latest, recipe.name) or 0) + 1 if latest else 1
    return _begun(store, recipe, number, retry_failed, remark)


def _goes_on(store: Store, run: str, recipe: Recipe) -> bool:
    return run_recipe(store, run) == recipe and not is_finished(store, run)


def _begun(store: Store, recipe: Recipe, number: int, retry_failed: bool, remark: str) -> Run:
    """Begin the run of this number, or of the next that nobody else has begun at this moment."""
    while not store.put_new(keys.recipe(f"{recipe.name}-{number:03d}"), recipe.model_dump_json(indent=1).encode()):
        number += 1
    run = Run(f"{recipe.name}-{number:03d}", recipe, remark=remark)
    if retry_failed:
        store.put(keys.retry_failed(run.name), b"{}")
    return run


def latest_run(store: Store, name: str = "", skipped: Skipped = ignored) -> str:
    """Find the run called `name`, or the latest of the recipe `name`, or of the only recipe; raises `NotFound`."""
    runs = [run for run in run_names(store, skipped) if not name or run == name or _number(run, name) is not None]
    if not runs:
        raise NotFound(f"no run {name or 'at all'} in this store")
    recipes = {re.sub(r"-\d+$", "", run) for run in runs}
    if len(recipes) > 1:
        raise NotFound(f"several recipes have run here: name one of {', '.join(sorted(recipes))}")
    return max(runs, key=lambda run: (len(run), run))


def run_recipe(store: Store, run: str) -> Recipe:
    """Return the recipe of a run; raises `NotFound` and `Unreadable`."""
    return read_recipe_of(store, run)


def is_finished(store: Store, run: str) -> bool:
    """Return whether nothing is left to do for a run; raises `Unreadable`."""
    return phase_of(store, run, read_state(store, run)) is Phase.FINISHED


def read_state(store: Store, run: str) -> RunState:
    """Return a run's counts, phase and results as its ledger has them; raises `NotFound` and `Unreadable`."""
    return Ledger(store, run).state(phase_settings(run_recipe(store, run)))


def phase_of(store: Store, run: str, state: RunState) -> Phase:
    """Return the phase of a run of this `state`, also cancelled or failed."""
    if state.phase is Phase.FINISHED:
        return Phase.GATHERING if _replays_are_due(store, run) else Phase.FINISHED
    if store.exists(keys.cancelled(run)):
        return Phase.CANCELLED
    return Phase.FAILED if _has_failed(store, run) else state.phase


def try_again(store: Store, run: str) -> None:
    """Mark the dead letters of a run as a whole as replayed, and undo its cancellation.

    Those of single items that its sources could not fetch are marked as well.
    """
    store.delete(keys.cancelled(run))
    for letter in letters(store, run):
        if letter.state is LetterState.DEAD and (
            letter.item == str(WholeRun()) or letter.is_of(RunRequested, ListingDue)
        ):
            keep_letter(store, letter.replayed())


def _has_failed(store: Store, run: str) -> bool:
    own = (letter for letter in letters(store, run) if letter.item == str(WholeRun()))
    return any(letter.state is LetterState.DEAD for letter in own)


def _replays_are_due(store: Store, run: str) -> bool:
    """Return whether dead letters have been given another chance and have not come to anything since."""
    replayed = [letter for letter in letters(store, run) if letter.state is LetterState.REPLAYED]
    if not replayed:
        return False
    tally = Ledger(store, run).book().tally
    return any(tally.settlement(letter.entry).fate is Fate.DEAD for letter in replayed)


def _number(run: str, recipe_name: str) -> int | None:
    match = re.fullmatch(re.escape(recipe_name) + r"-(\d{3,})", run)
    return int(match[1]) if match else None
