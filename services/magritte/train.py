"""`magritte train`: one more training of a run."""

import re
from typing import Annotated

import typer

from services.magritte import screen
from services.magritte.connection import found_run, has_broker
from services.magritte.decisions import publish
from services.magritte.inspect import AsJson, RunName
from services.magritte.operate import DryRun
from services.magritte.run_items import RunItems
from shared.contract.errors import NotFound
from shared.contract.messages import SnapshotTaken, TrainingDue
from shared.ledger.records import dataset_versions, read_dataset_version
from shared.recipe.recipe import Recipe
from shared.runs import trainings
from shared.runs.registry import run_recipe, try_again
from shared.runs.run_trainings import RunTraining, number_training
from shared.runs.trainings import Parent, Snapshot
from shared.store.interface import Store

_START = "start"

Kimg = Annotated[
    str,
    typer.Option(
        "--kimg",
        help="How far: +20 for 20 kimg more than the snapshot has, 80 until it has 80. Default: `train_on.kimg` of "
        "the recipe, or a third of its `training.kimg`, more.",
    ),
]
From = Annotated[
    str,
    typer.Option(
        "--from",
        help="The snapshot to go on from: a leg of the newest training, or NUMBER:LEG as `magritte versions` names "
        "it; start: none, as the recipe's first training. Default: the newest.",
    ),
]
Dataset = Annotated[int | None, typer.Option("--dataset", min=1, help="Version of the data set. Default: the newest.")]


def train(
    run: RunName = "",
    kimg: Kimg = "",
    begin: From = "",
    dataset: Dataset = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Train a run's network on: for longer, from another snapshot, or on another version of its data set.

    It takes the place of the training that the run is at, which is given up after its leg; all snapshots stay. How
    the network learns, and what is taken over from the snapshot beside it, is in the recipe.
    """
    here, name = found_run(run)
    recipe = run_recipe(here, name)
    version, digest = _dataset(here, name, dataset)
    parent = None if begin == _START else _parent(here, name, begin, recipe)
    before = recipe.training.resume_kimg
    more = _more(kimg, recipe, before + parent[1].kimg if parent else before)
    training = RunTraining(version=version, dataset=digest, parent=parent[0] if parent else None, more=more)
    number = 0
    if not dry_run:
        number = number_training(here, name, training)
        try_again(here, name)
        publish(here, name, [TrainingDue(run=name, number=number, version=version, dataset=digest)])
    if as_json:
        screen.say_json({"run": name, "number": number or None, **training.model_dump(mode="json")})
        return
    source = _described(here, parent, before) if parent else "the recipe's start"
    verb = "would train" if dry_run else f"training {number}:"
    go_on = "" if dry_run or has_broker() else "; `magritte run RECIPE` carries it out"
    screen.say(f"{verb} {more:g} kimg from {source} on version {version} of the data set of run {name}{go_on}")


def _dataset(here: Store, run: str, version: int | None) -> tuple[int, str]:
    """Return number and digest of a version of the data set, by default the newest."""
    known = dict(dataset_versions(here, run))
    if not known:
        raise NotFound(f"run {run} has no data set yet")
    number = version or max(known)
    if number not in known:
        raise NotFound(f"run {run} has no version {number} of its data set: `magritte versions {run}` lists them")
    return number, read_dataset_version(here, known[number]).digest


def _parent(here: Store, run: str, text: str, recipe: Recipe) -> tuple[Parent, Snapshot, int]:
    """Return the snapshot that is meant, by default the newest, with what is taken over and its training's number."""
    match = re.fullmatch(r"(?:(\d{1,6}):)?(\d{1,6})", text) if text else None
    if text and match is None:
        raise typer.BadParameter(f"{text!r} is neither a leg, NUMBER:LEG nor {_START}", param_hint="--from")
    taken = list(RunItems(here, run, screen.remark).messages_of(SnapshotTaken))
    number = int(match[1]) if match and match[1] else max((each.number for each in taken), default=0)
    legs = {each.leg: each.training for each in taken if each.number == number}
    leg = int(match[2]) if match else max(legs, default=0)
    snapshot = trainings.find_snapshot(here, legs[leg], leg) if leg in legs else None
    if snapshot is None:
        meant = f"snapshot {text}" if text else "snapshot yet"
        raise NotFound(
            f"run {run} has no {meant}: `magritte versions {run}` lists its trainings, --from start has none"
        )
    return Parent(training=snapshot.training, leg=leg, carry=recipe.train_on.carry), snapshot, number


def _described(here: Store, parent: tuple[Parent, Snapshot, int], before: float) -> str:
    """Describe a snapshot to go on from; remark on one whose state beside the networks is gone."""
    begin, snapshot, number = parent
    has_state = trainings.CHECKPOINT in snapshot.files and here.exists(snapshot.key(trainings.CHECKPOINT))
    if begin.carry and not has_state:
        screen.remark("of that snapshot the networks alone are left: Adam's moments and p begin anew")
    return f"snapshot {number}:{begin.leg} ({before + snapshot.kimg:g} kimg)"


def _more(text: str, recipe: Recipe, done: float) -> float:
    """Return the kimg to train; `done` are those that the snapshot has had. Raises BadParameter for none."""
    if not text:
        return recipe.train_on.kimg or recipe.training.kimg / 3 or 20.0
    match = re.fullmatch(r"(\+?)(\d{1,6}(?:\.\d{1,6})?)", text)
    more = (float(match[2]) - (0 if match[1] else done)) if match else 0.0
    if more <= 0:
        told = f"; the snapshot has {done:g} already" if match else ", such as +20 or 80"
        raise typer.BadParameter(f"{text!r} is no kimg to train for{told}", param_hint="--kimg")
    return more
