"""Runs in the store: which there are, which to go on with, and what is known of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.facts import RunFact
from shared.contract.items import WholeRun
from shared.contract.messages import RankingReady, RunRequested, SnapshotTaken
from shared.ledger.fates import Fate
from shared.ledger.records import (
    Skipped,
    dataset_versions,
    facts,
    ignored,
    read_dataset_version,
    read_listing,
    read_message,
    read_recipe_of,
    run_names,
)
from shared.ledger.tally import Tally
from shared.ledger.trail import label_of
from shared.recipe.recipe import Recipe
from shared.runs.dead_letters import Letter, State, keep, letters
from shared.store.interface import Store


class Phase(StrEnum):
    """Phases of a run."""

    GATHERING = "gathering"
    PACKING = "packing"
    TRAINING = "training"
    RANKING = "ranking"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Return whether nothing more happens unless a person asks for it."""
        return self in (Phase.FINISHED, Phase.FAILED, Phase.CANCELLED)


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
    return not is_finished(store, run) and run_recipe(store, run) == recipe


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


def finish(store: Store, run: str) -> None:
    """Mark that nothing is left to do for a run."""
    store.put(keys.finished(run), b"{}")


def reopen(store: Store, run: str) -> None:
    """Forget that nothing is left to do: a dead item has been given another chance."""
    store.delete(keys.finished(run))


def is_finished(store: Store, run: str, skipped: Skipped = ignored) -> bool:
    """Say whether nothing is left to do for a run. Found out by looking at all of it, then written down."""
    if store.exists(keys.finished(run)):
        return True
    if phase(store, run, tally_of(store, run, skipped)) is not Phase.FINISHED:
        return False
    finish(store, run)
    return True


def phase(store: Store, run: str, tally: Tally) -> Phase:
    """Return the phase of a run, given the tally of its trail."""
    if store.exists(keys.finished(run)):
        return Phase.FINISHED
    if store.exists(keys.cancelled(run)):
        return Phase.CANCELLED
    reached = _phase_of_pictures(store, run, tally)
    if reached is not Phase.FINISHED and any(letter.state is State.DEAD for letter in _own_letters(store, run)):
        return Phase.FAILED
    return reached


def try_again(store: Store, run: str) -> None:
    """Note that what failed about a run as a whole is being tried again, and that it is wanted after all.

    So are the single items that its sources could not get.
    """
    store.delete(keys.cancelled(run))
    for letter in letters(store, run):
        if letter.state is State.DEAD and (letter.item == str(WholeRun()) or letter.is_of(RunRequested)):
            keep(store, letter.replayed())


def _own_letters(store: Store, run: str) -> Iterator[Letter]:
    return (letter for letter in letters(store, run) if letter.item == str(WholeRun()))


def _phase_of_pictures(store: Store, run: str, tally: Tally) -> Phase:
    recipe = run_recipe(store, run)
    listed = [listed_count(store, run, source) for source in range(len(recipe.sources))]
    if None in listed or not tally.is_complete(sum(filter(None, listed))) or _replays_are_due(store, run, tally):
        return Phase.GATHERING
    found = latest_dataset(store, run)
    if found is None:
        return Phase.PACKING if any(tally.members()) else Phase.FINISHED
    return _phase_of_training(store, run, found[0]) if recipe.training.kimg else Phase.FINISHED


def _replays_are_due(store: Store, run: str, tally: Tally) -> bool:
    replayed = (letter for letter in letters(store, run) if letter.state is State.REPLAYED)
    return any(tally.settlement(letter.entry).fate is Fate.DEAD for letter in replayed)


def _phase_of_training(store: Store, run: str, version: int) -> Phase:
    told = [fact for fact in _facts_of_run(store, run) if fact.version == version]
    if any(fact.kind == RankingReady.kind() for fact in told):
        return Phase.FINISHED
    snapshots = [fact for fact in told if fact.kind == SnapshotTaken.kind()]
    latest = max(snapshots, key=lambda fact: fact.leg, default=None)
    if latest is None:
        return Phase.TRAINING
    snapshot = read_message(store, keys.trail(run, str(WholeRun()), label_of(latest)))
    return Phase.RANKING if isinstance(snapshot, SnapshotTaken) and snapshot.last else Phase.TRAINING


def _facts_of_run(store: Store, run: str) -> Iterator[RunFact]:
    return (fact for fact in facts(store, run, item=WholeRun()) if isinstance(fact, RunFact))


def listed_count(store: Store, run: str, source: int) -> int | None:
    """Count the entries of a source of the run; None until it has been listed to its end, readably."""
    try:
        return read_listing(store, run, source).count
    except (NotFound, Unreadable):  # the scraper lists it again
        return None


def tally_of(store: Store, run: str, skipped: Skipped = ignored) -> Tally:
    """Tally what has become of every picture of a run. `skipped` is told of files in its trail that are no facts."""
    tally = Tally()
    for fact in facts(store, run, skipped):
        tally.add(fact)
    return tally


def latest_dataset(store: Store, run: str) -> tuple[int, str] | None:
    """Return version and digest of the run's newest data set, None without one; raises `Unreadable`."""
    version, key = max(dataset_versions(store, run), default=(0, ""))
    return (version, read_dataset_version(store, key)) if version else None


def _number(run: str, recipe_name: str) -> int | None:
    match = re.fullmatch(re.escape(recipe_name) + r"-(\d{3,})", run)
    return int(match[1]) if match else None
