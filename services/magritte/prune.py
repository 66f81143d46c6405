"""`magritte prune` and `magritte undo`: drop the worst faces of a ranking, and take that back."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.magritte import pruning, screen
from services.magritte.connection import found_run, has_broker
from services.magritte.decisions import decide, notify_of_missed, user
from services.magritte.inspect import AsJson, RunName
from services.magritte.operate import DryRun
from services.magritte.ranked_faces import RankedFace, newest_ranking, read_ranking
from services.magritte.run_items import RunItems
from services.magritte.suspects import standing_verdicts
from shared.contract.errors import NotFound
from shared.contract.items import Face
from shared.contract.messages import Decision
from shared.ledger.copies import MESSAGES, Copy, copies_behind
from shared.ledger.ledger import Ledger
from shared.ledger.verdicts import Verdict, given
from shared.runs.registry import run_recipe
from shared.store.interface import Store

_SHOWN = 20

Worst = Annotated[
    str, typer.Option("--worst", metavar="SHARE", help="The worst share of the ranking, such as 5%, or a number.")
]
Below = Annotated[float | None, typer.Option("--below", help="Faces that D scores lower than this.")]
File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        dir_okay=False,
        exists=True,
        help="Another ranking.csv than the run's newest. Without --worst and --below: its faces with `drop` in a "
        "column `decision`.",
    ),
]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever reads it later.")]


def prune(
    run: RunName = "",
    worst: Worst = "",
    below: Below = None,
    file: File = None,
    why: Why = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Drop the worst faces of a ranking from the data sets of their character, all as one step that `undo` takes back.

    Worse copies of them leave too, instead of taking their places. What is left makes the next version of the data set,
    and training goes on with it from the newest snapshot (`train_on` in the recipe). A share is one of the whole
    ranking: the same prune again drops nothing more. Faces that a person has kept (`magritte verdict keep`) stay. Look
    at the worst first: `magritte fetch` copies the sheet, and --dry-run lists what would be dropped.
    """
    here, name = found_run(run)
    ranking = read_ranking(file.read_bytes(), str(file)) if file else newest_ranking(here, name)
    items = RunItems(here, name, screen.remark)
    members = items.members()
    chosen = pruning.without_kept(
        _present(_wanted(ranking, worst, below, file), members, name), standing_verdicts(here, name)
    )
    copies = _copies(here, name, items, chosen.faces)
    if len(chosen.faces) == len(members):
        raise typer.BadParameter(f"all {len(members)} faces of run {name} would leave its data set")
    if not dry_run and chosen.faces:
        _drop(here, name, chosen.faces, copies, why)
    elif not dry_run:
        notify_of_missed(here, name)
    names = {each.entry: each.shown for each in items.listed()}
    if as_json:
        screen.say_json(_as_json(name, chosen.faces, names, len(members), dry_run) | {"copies": len(copies)})
        return
    _show(chosen.faces, names)
    _conclude(name, chosen, len(copies), len(members), dry_run)


def undo(run: RunName = "", dry_run: DryRun = False) -> None:
    """Bring back the faces of the last prune; called again, those of the one before.

    The data set's next version has them again; the versions between stay.
    """
    here, name = found_run(run)
    reported = 0 if dry_run else notify_of_missed(here, name)
    images = {each.image for each in RunItems(here, name, screen.remark).listed()}
    prune = pruning.last_prune(standing_verdicts(here, name), images)
    if not prune:
        missed = f" ({reported} verdicts that it had not heard of were told)" if reported else ""
        raise NotFound(f"run {name} has no prune to undo{missed}")
    if not dry_run:
        log = (verdict for _, verdict in given(here, run_recipe(here, name).name))
        decide(here, name, pruning.undoing(prune, log, user()))
    verb = "would bring back" if dry_run else "bring back"
    screen.say(f"{verb} {len(prune)} faces of the {prune[0].prune}{_go_on(dry_run)}")


def _wanted(ranking: list[RankedFace], worst: str, below: float | None, file: Path | None) -> list[RankedFace]:
    if bool(worst) == (below is not None) and (worst or file is None):
        raise typer.BadParameter(
            "give one of them: the worst share, a score, or --file with your decisions", param_hint="--worst / --below"
        )
    if below is not None and math.isnan(below):
        raise typer.BadParameter("is no number", param_hint="--below")
    if worst:
        return pruning.worst(ranking, _share(worst, len(ranking)))
    if below is not None:
        return pruning.below(ranking, below)
    if all(face.decision is None for face in ranking):
        raise typer.BadParameter(f"{file} has no column `decision`: write drop into one", param_hint="--file")
    return pruning.marked(ranking)


def _share(text: str, faces: int) -> float:
    try:
        share = float(text.removesuffix("%")) / 100 if text.endswith("%") else int(text) / faces
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise typer.BadParameter(
            f"{text!r} is neither a share such as 5% nor a number of faces, fewer than all", param_hint="--worst"
        )
    return share


def _present(faces: Sequence[RankedFace], members: Collection[Face], run: str) -> list[RankedFace]:
    """Return the faces that are in the data set; remark on others."""
    there = [face for face in faces if face.item in members]
    if len(there) < len(faces):
        screen.remark(f"{len(faces) - len(there)} of them are not in the data set of run {run} (any more)")
    return there


def _copies(here: Store, run: str, items: RunItems, faces: Sequence[RankedFace]) -> list[Copy]:
    """Return the copies that would take the places of these faces."""
    images = {entry: judged.image for entry, judged in items.judgements().items()}
    members = {(images[face.entry], face.number) for face in items.members() if face.entry in images}
    leaving = {(face.image, face.item.number) for face in faces}
    return copies_behind(Ledger(here, run, screen.remark).messages(*MESSAGES), leaving, members) if faces else []


def _drop(here: Store, run: str, faces: Sequence[RankedFace], copies: Sequence[Copy], why: str) -> None:
    who, prune = user(), f"prune of {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    notify_of_missed(here, run)
    about = {"decision": Decision.DROP, "who": who, "prune": prune}
    verdicts = [
        Verdict.model_validate(
            {
                **about,
                "image": face.image,
                "face": face.item.number,
                "why": why or f"rank {face.rank}, quality {face.quality:.2f}",
            }
        )
        for face in faces
    ]
    others = [{"image": copy.image, "face": copy.face, "why": why or "a copy of what leaves"} for copy in copies]
    decide(here, run, [*verdicts, *(Verdict.model_validate({**about, **each}) for each in others)])


def _conclude(run: str, chosen: pruning.Chosen, copies: int, members: int, dry_run: bool) -> None:
    verb, others = ("would drop" if dry_run else "drop"), f" with {copies} worse copies" if copies else ""
    kept = f"; {chosen.kept} more stay, since a person has kept them" if chosen.kept else ""
    go_on = _go_on(dry_run or not chosen.faces)
    screen.say(f"{verb} {len(chosen.faces)} of {members} faces of run {run}{others}{kept}{go_on}")


def _show(faces: Sequence[RankedFace], names: Mapping[str, str]) -> None:
    if not faces:
        return
    table = Table("rank", "quality", "face", "name", box=None, header_style="dim")
    table.columns[2].no_wrap = True
    table.columns[3].overflow = "fold"
    for face in faces[:_SHOWN]:
        table.add_row(str(face.rank), f"{face.quality:.2f}", str(face.item), names.get(face.item.entry, ""))
    screen.console().print(table)
    if len(faces) > _SHOWN:
        screen.say(f"and {len(faces) - _SHOWN} more")


def _as_json(
    run: str, faces: Sequence[RankedFace], names: Mapping[str, str], members: int, dry_run: bool
) -> dict[str, Any]:
    dropped = [
        {"rank": each.rank, "quality": each.quality, "face": str(each.item), "name": names.get(each.item.entry, "")}
        for each in faces
    ]
    return {"run": run, "faces": members, "dry_run": dry_run, "dropped": dropped}


def _go_on(dry_run: bool) -> str:
    return "" if dry_run or has_broker() else "; `magritte run RECIPE` packs the next version and trains on"
