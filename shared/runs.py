"""Runs in the store: which there are, which to go on with, and what is known of each."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared import keys
from shared.errors import NotFound
from shared.recipe import Recipe
from shared.store.interface import Store
from shared.tally import Fact, Tally


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


def is_finished(store: Store, run: str) -> bool:
    """Whether nothing is left to do for a run."""
    return store.exists(keys.finished(run))


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
