"""Runs in the store: which there are, which to go on with, and what is known of each."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared import keys
from shared.dead_letters import Letter, State, keep, letters
from shared.errors import NotFound
from shared.messages import RankingReady, SnapshotTaken
from shared.recipe import Recipe
from shared.store.interface import Store
from shared.tally import Fact, Fate, Tally


class Phase(StrEnum):
    """How far a run is."""

    GATHERING = "gathering"
    PACKING = "packing"
    TRAINING = "training"
    RANKING = "ranking"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens unless a person asks for it."""
        return self in (Phase.FINISHED, Phase.FAILED, Phase.CANCELLED)


@dataclass(frozen=True)
class Run:
    """One run of a recipe; `resumed` when an earlier process began it."""

    name: str
    recipe: Recipe
    resumed: bool = False


def open_run(store: Store, recipe: Recipe) -> Run:
    """The unfinished run of this very recipe, or a new one.

    A new run of a recipe that has run before lists the sources again and does again only what is new.
    """
    earlier = [run for run in run_names(store) if _number(run, recipe.name) is not None]
    latest = max(earlier, key=lambda run: _number(run, recipe.name) or 0, default=None)
    if latest is not None and not is_finished(store, latest) and run_recipe(store, latest) == recipe:
        return Run(latest, recipe, resumed=True)
    number = (_number(latest, recipe.name) or 0) + 1 if latest else 1
    run = Run(f"{recipe.name}-{number:03d}", recipe)
    store.put(keys.recipe(run.name), recipe.model_dump_json(indent=1).encode())
    return run


def run_names(store: Store) -> Iterator[str]:
    """All runs in the store, by name."""
    for key in store.list(keys.recipe()):
        yield key.removeprefix(keys.recipe()).removesuffix(".json")


def latest_run(store: Store, name: str = "") -> str:
    """The run of that name, or of that recipe name the latest, or the only recipe's latest; raises `NotFound`."""
    runs = [run for run in run_names(store) if not name or run == name or _number(run, name) is not None]
    if not runs:
        raise NotFound(f"no run {name or 'at all'} in this store")
    recipes = {re.sub(r"-\d+$", "", run) for run in runs}
    if len(recipes) > 1:
        raise NotFound(f"several recipes have run here: name one of {', '.join(sorted(recipes))}")
    return max(runs, key=lambda run: (len(run), run))


def run_recipe(store: Store, run: str) -> Recipe:
    """What the run was asked for; raises `NotFound`."""
    return Recipe.model_validate_json(store.get(keys.recipe(run)))


def finish(store: Store, run: str) -> None:
    """Mark that nothing is left to do for a run."""
    store.put(keys.finished(run), b"{}")


def reopen(store: Store, run: str) -> None:
    """Forget that nothing is left to do: a dead item has been given another chance."""
    store.delete(keys.finished(run))


def is_finished(store: Store, run: str) -> bool:
    """Whether nothing is left to do for a run. Found out by looking at all of it, then written down."""
    if store.exists(keys.finished(run)):
        return True
    if phase(store, run, tally_of(store, run)) is not Phase.FINISHED:
        return False
    finish(store, run)
    return True


def phase(store: Store, run: str, tally: Tally) -> Phase:
    """How far a run is, given the tally of its trail."""
    if store.exists(keys.finished(run)):
        return Phase.FINISHED
    if store.exists(keys.cancelled(run)):
        return Phase.CANCELLED
    reached = _phase_of_pictures(store, run, tally)
    if reached is not Phase.FINISHED and any(letter.state is State.DEAD for letter in _own_letters(store, run)):
        return Phase.FAILED
    return reached


def try_again(store: Store, run: str) -> None:
    """Note that what failed about a run as a whole is being tried again, and that it is wanted after all."""
    store.delete(keys.cancelled(run))
    for letter in _own_letters(store, run):
        if letter.state is State.DEAD:
            keep(store, letter.replayed())


def _own_letters(store: Store, run: str) -> Iterator[Letter]:
    return (letter for letter in letters(store, run) if letter.item == "run")


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
    return any(tally.settlement(letter.item.partition(".")[0]).fate is Fate.DEAD for letter in replayed)


def _phase_of_training(store: Store, run: str, version: int) -> Phase:
    labels = (keys.parse_trail(key)[1] for key in store.list(keys.trail(run, "run")))
    told = [fact for fact in map(Fact.from_label, labels) if fact.decisions == version]
    if any(fact.kind == RankingReady.kind() for fact in told):
        return Phase.FINISHED
    snapshots = [fact for fact in told if fact.kind == SnapshotTaken.kind()]
    latest = max(snapshots, key=lambda fact: fact.number, default=None)
    if latest is None:
        return Phase.TRAINING
    snapshot = json.loads(store.get(keys.trail(run, "run", latest.label)))
    return Phase.RANKING if snapshot["last"] else Phase.TRAINING


def listed_count(store: Store, run: str, source: int) -> int | None:
    """How many entries a source of the run has; None until it has been listed to its end."""
    try:
        return int(json.loads(store.get(keys.listing(run, source)))["count"])
    except (NotFound, ValueError):
        return None


def facts(store: Store, run: str) -> Iterator[tuple[str, Fact]]:
    """Item and fact of everything in the run's trail, from its keys alone."""
    for key in store.list(keys.trail(run)):
        item, label = keys.parse_trail(key)
        yield item, Fact.from_label(label)


def tally_of(store: Store, run: str) -> Tally:
    """What has become of every picture of a run so far."""
    tally = Tally()
    for item, fact in facts(store, run):
        tally.add(item, fact)
    return tally


def latest_dataset(store: Store, run: str) -> tuple[int, str] | None:
    """Version and digest of the run's newest data set."""
    versions = list(store.list(keys.dataset_version(run)))
    return (len(versions), str(json.loads(store.get(versions[-1]))["digest"])) if versions else None


def _number(run: str, recipe_name: str) -> int | None:
    match = re.fullmatch(re.escape(recipe_name) + r"-(\d{3,})", run)
    return int(match[1]) if match else None
