"""`magritte rank`: the pictures of a run's data set by how well each is made and whether it belongs, at any time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from services.magritte import libraries, screen
from services.magritte.atomic_file import replacing
from services.magritte.connection import found_run
from services.magritte.decisions import publish
from services.magritte.destination import check_destination
from services.magritte.inspect import AsJson, RunName
from services.magritte.pipeline import picture_ranker
from services.magritte.training import stability_line
from shared.contract.errors import NotFound
from shared.contract.messages import RankingReady
from shared.contract.picture_ranking import MadeRanking, OnStep, RankingRequest
from shared.ledger.state import DatasetState, RunState
from shared.runs import trainings
from shared.runs.registry import read_state, run_recipe
from shared.store.interface import Store

_SHOWN = ("rank", "quality", "spread", "belonging", "mostly", "name", "origin")
_WORST = 12  # rows that are printed

Snapshot = Annotated[
    int | None, typer.Option("--snapshot", min=1, help="Rank by the run's snapshot N instead of the newest.")
]
Snapshots = Annotated[str, typer.Option("--snapshots", help="Have these score too: numbers, such as 3,5,7.")]
Base = Annotated[bool, typer.Option("--base", help="Have the network that the training starts from score too.")]
Out = Annotated[
    Path | None, typer.Option("--out", file_okay=False, help="A folder for the tables and the contact sheets.")
]


@dataclass(frozen=True)
class Subject:
    """A run whose data set is ranked: its state, the newest data set of it, and what is asked for."""

    store: Store
    state: RunState
    dataset: DatasetState
    request: RankingRequest


def rank(
    run: RunName = "",
    snapshot: Snapshot = None,
    snapshots: Snapshots = "",
    base: Base = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Rank the pictures of a run's data set, to find those that do not belong.

    By two signals: how well a picture is made, which is what the discriminator scores (`quality`; `spread` says how
    much that depends on the other pictures of the minibatch), and how strange it is among the others (`belonging`, and
    `mostly` the feature that says so). The worse of the two decides the rank; rank 1 is best. Before the first training
    it is strangeness alone, and what the network in `training.start_from` says, if there is one.

    With other snapshots, or with the base network, the scores of all are joined: a discriminator that has trained on a
    picture thinks too well of it. The ranking is kept beside the snapshot, for `magritte status` and `fetch`.
    """
    ranker = picture_ranker()
    subject = _subject(run, snapshot, snapshots, base)
    name = subject.request.run
    if out is not None:
        check_destination(subject.store, name, out, "--out")
    with libraries.of_extra("ranker"), screen.bar() as progress:
        made = ranker.rank(subject.request, subject.store, _following(progress))
    _keep(subject, made)
    written = _write(made, out) if out is not None else []
    if as_json:
        screen.say_json(_as_json(subject, made, written))
        return
    _show(made)
    _conclude(subject, made, out)


def _subject(run: str, snapshot: int | None, snapshots: str, base: bool) -> Subject:
    here, name = found_run(run)
    state, recipe = read_state(here, name), run_recipe(here, name)
    if state.dataset is None:
        raise NotFound(f"run {name} has no data set yet: `magritte suspects` sorts its faces before that")
    training, legs = _legs(here, name, state, snapshot, snapshots)
    start = recipe.training.start_from
    if base and start is None:
        raise typer.BadParameter(
            f"the training of run {name} starts from no network: `training.start_from` names none", param_hint="--base"
        )
    request = RankingRequest(
        run=name,
        sources=len(recipe.sources),
        dataset=state.dataset.digest,
        training=training,
        legs=legs,
        base=start if base or not legs else None,
        seed=recipe.training.seed,
        settings=recipe.ranking,
    )
    return Subject(here, state, state.dataset, request)


def _legs(here: Store, run: str, state: RunState, snapshot: int | None, snapshots: str) -> tuple[str, tuple[int, ...]]:
    """Return the run's training, and which of its snapshots score; the ranking is that of the last of them."""
    if state.snapshot is None:
        if snapshot or snapshots:
            raise NotFound(f"run {run} has no snapshot yet: without --snapshot it is ranked by what there is")
        return "", ()
    training, newest = state.snapshot.training, state.snapshot.leg
    own = snapshot or newest
    others = [number for number in _numbers(snapshots) if number != own]
    for number in (own, *others):
        if trainings.find_snapshot(here, training, number) is None:
            raise NotFound(f"run {run} has no snapshot {number}: its newest is {newest}")
    return training, (*others, own)


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")] if text else []
    if any(not part.isascii() or not part.isdigit() for part in parts):
        raise typer.BadParameter(f"{text!r} is no list of numbers such as 3,5,7", param_hint="--snapshots")
    return list(dict.fromkeys(map(int, parts)))


def _following(progress: Progress) -> OnStep:
    tasks = dict[str, TaskID]()

    def advance(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total)
        progress.update(tasks[what], completed=done + 1)

    return advance


def _keep(subject: Subject, made: MadeRanking) -> None:
    """Write the files beside the snapshot, and tell the run's ledger of them."""
    request, snapshot = subject.request, subject.state.snapshot
    for file, key in made.keys.items():
        subject.store.put(key, made.files[file])
    if made.keys and snapshot is not None:
        ready = RankingReady(
            run=request.run,
            version=subject.dataset.version,
            number=snapshot.number,
            dataset=request.dataset,
            training=request.training,
            leg=request.legs[-1],
            files=dict(made.keys),
            stability=made.stability,
        )
        publish(subject.store, request.run, [ready])


def _write(made: MadeRanking, out: Path) -> list[str]:
    for file, data in made.files.items():
        with replacing(out / file) as path:
            path.write_bytes(data)
    return [str(out / file) for file in made.files]


def _show(made: MadeRanking) -> None:
    table = Table(*_SHOWN, box=None, header_style="dim")
    table.columns[-1].overflow = "fold"
    for row in _worst(made):
        table.add_row(*(_cell(row[column]) for column in _SHOWN))
    screen.console().print(table)


def _worst(made: MadeRanking) -> list[Mapping[str, Any]]:
    return list(made.rows[: -_WORST - 1 : -1])


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _conclude(subject: Subject, made: MadeRanking, out: Path | None) -> None:
    request = subject.request
    by = [f"snapshot {leg}" for leg in request.legs] + (["the base network"] if request.base is not None else [])
    screen.say(f"{len(made.rows)} pictures of run {request.run}, ranked by {', '.join(by) or 'strangeness alone'}")
    if request.legs:
        screen.say(stability_line(made.stability))
    for sentence in made.remarks:
        screen.remark(sentence)
    if out is not None:
        screen.say(f"tables and sheets are in {out}")
    elif made.keys:
        screen.say("tables and sheets: magritte fetch, or again with --out FOLDER")
    else:
        screen.say("no training has begun, so nothing is kept: --out FOLDER writes tables and sheets")


def _as_json(subject: Subject, made: MadeRanking, written: list[str]) -> dict[str, Any]:
    addresses = {file: subject.store.url(key) for file, key in made.keys.items()}
    return {**made.summary, "files": written, "kept": addresses, "worst": _worst(made)}
