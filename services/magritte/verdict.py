"""`magritte verdict`: what a person decides about the pictures of a character."""

from collections.abc import Collection
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.magritte import screen
from services.magritte.connection import found_run, has_broker
from services.magritte.decisions import decide, user
from services.magritte.inspect import AsJson, RunName
from services.magritte.item_search import ListedEntry
from services.magritte.reviews.boxes import RunBoxes, parse_box
from services.magritte.run_items import RunItems
from shared.contract.errors import NotFound
from shared.contract.items import Face, parse_item
from shared.contract.messages import Decision, PairDecision
from shared.contract.reasons import Drop, Reason
from shared.ledger.fates import Fate
from shared.ledger.verdicts import Verdict, Verdicts, check_whole, given
from shared.recipe.exclude import Exclusion, exclude_of_file
from shared.runs.registry import run_recipe
from shared.store.interface import Store

app = typer.Typer(help="Drop pictures or faces, undo that, and say what is a copy of what.", no_args_is_help=True)

Picture = Annotated[str, typer.Argument(help="A picture as `magritte trace` finds it.")]
Whats = Annotated[
    list[str],
    typer.Argument(metavar="WHAT...", help="Pictures as `magritte trace` finds them, or entry.face for one face each."),
]
OfRun = Annotated[str, typer.Option("--run", help="A run or a recipe's name; default: the latest run.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever reads it later.")]


@app.command()
def drop(what: Whats, run: OfRun = "", why: Why = "") -> None:
    """Leave pictures, or faces, out of the data sets of their character, in this run and in all later ones.

    The next best copy of a dropped picture takes its place: drop that as well if none of them is wanted.
    """
    _decide(Decision.DROP, what, run, why)


@app.command()
def keep(what: Whats, run: OfRun = "", why: Why = "") -> None:
    """Undo an earlier `drop` or `box`, or say that a face belongs (`magritte suspects`); undoes no stage's drop."""
    _decide(Decision.KEEP, what, run, why)


@app.command()
def box(
    face: Annotated[str, typer.Argument(metavar="ENTRY[.FACE]", help="A face; a picture alone: one nobody has found.")],
    place: Annotated[
        str, typer.Argument(metavar="LEFT,TOP,WIDTH,HEIGHT", help="In pixels of the original, as it is shown upright.")
    ],
    angle: Annotated[
        float, typer.Option("--angle", min=-180, max=180, help="Degrees by which the box is turned clockwise.")
    ] = 0.0,
    run: OfRun = "",
    why: Why = "",
) -> None:
    """Say where a face is: it is cut out anew by this box, in this run and in later ones. `keep` takes that back.

    In runs with other settings the face is known by its place. What the box has beyond the picture is its mirror image.
    """
    here, name = found_run(run)
    items = RunItems(here, name, screen.remark)
    image, entry, number = *_meant(items, name, face), _face(face)
    item = None if number is None else Face(entry, number)
    if item is not None and not items.has_face(entry, item.number):
        raise NotFound(f"{entry} of run {name} has no face {number}: name the picture alone to add one")
    try:
        about = {"box": parse_box(place), "angle": angle, "who": user(), "why": why}
        verdict = RunBoxes(here, run_recipe(here, name).name, items).verdict(image, item, about)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="LEFT,TOP,WIDTH,HEIGHT") from error
    if items.settlement(entry).reason == Reason.REJECTED:
        screen.remark(
            f"a person has dropped this picture, which stays out: `magritte verdict keep {entry}` undoes that"
        )
    (given_as,) = decide(here, name, [verdict])
    screen.say(f"verdict {given_as}: box {Face(entry, verdict.face or 0) if item is None else item}{_go_on()}")


@app.command()
def apart(one: Picture, other: Picture, run: OfRun = "", why: Why = "") -> None:
    """Say that two pictures are not the same: neither is left out for the other, in this run and in later ones."""
    _decide_pair(PairDecision.APART, one, other, run, why)


@app.command()
def same(one: Picture, other: Picture, run: OfRun = "", why: Why = "") -> None:
    """Say that two pictures are copies of each other: the better one is kept, in this run and in later ones."""
    _decide_pair(PairDecision.SAME, one, other, run, why)


@app.command()
def exclude(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A YAML file with the lists `artists`, `works`, `tags` of a recipe.")
    ],
    run: OfRun = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take back what this has dropped by these lists.")] = False,
) -> None:
    """Drop all pictures of excluded artists, works and tags that a run has, so that its next data set is without them.

    The recipe's own `exclude` is for runs that are still to come: name the file there too.
    """
    exclusion = Exclusion(exclude_of_file(path))
    here, name = found_run(run)
    decision, items = Decision.KEEP if undo else Decision.DROP, RunItems(here, name, screen.remark)
    found = _undecided(here, name, _excluded(items, exclusion), decision)
    if not found:
        screen.say(
            f"run {name} has nothing{'' if undo else ' more'} of the artists, works and tags in {path} to {decision}"
        )
        return
    reasons = {image: f"{drop.reason}: {drop.detail}" for image, (_, drop) in found.items()}
    who = user()
    verdicts = [Verdict(image=image, decision=decision, who=who, why=why) for image, why in reasons.items()]
    for number, (listed, _), why in zip(decide(here, name, verdicts), found.values(), reasons.values(), strict=True):
        screen.say(f"verdict {number}: {decision} {listed.entry}  {listed.shown}  {why}")
    used = f", {_in_dataset(items, found)} of them out of its data set" if not undo else ""
    screen.say(f"{decision} {len(found)} pictures of run {name}{used}{_go_on()}")


@app.command("list")
def list_verdicts(run: RunName = "", as_json: AsJson = False) -> None:
    """List all verdicts about the character of a run, the first one first, with what the run knows of the pictures."""
    here, name = found_run(run)
    check_whole(here, run_recipe(here, name).name)
    found = list(given(here, run_recipe(here, name).name))
    images = {image for _, verdict in found for image in (verdict.image, verdict.other) if image}
    pictures = _pictures(RunItems(here, name, screen.remark), images)
    if as_json:
        screen.say_json([
            {"number": number, **verdict.model_dump(mode="json"), **_described(pictures.get(verdict.image, []))}
            for number, verdict in found
        ])  # fmt: skip
        return
    table = Table("", "when", "who", "verdict", "about", "name", "why", box=None, header_style="dim")
    table.columns[5].overflow = "fold"
    for number, verdict in found:
        known = pictures.get(verdict.image, [])
        about = _shown(verdict.image, known) + ("" if verdict.face is None else f".{verdict.face}")
        if verdict.other is not None:
            about += f" {_shown(verdict.other, pictures.get(verdict.other, []))}"
        when = f"{verdict.at.astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(str(number), when, verdict.who, verdict.decision.value, about, _names(known), verdict.why)
    screen.console().print(table if found else "there are no verdicts")


def _decide(decision: Decision, whats: list[str], run: str, why: str) -> None:
    """Give a verdict about each picture or face that is meant; none if one of them is not clear."""
    here, name = found_run(run)
    items, who = RunItems(here, name, screen.remark), user()
    boxes, verdicts = RunBoxes(here, run_recipe(here, name).name, items), []
    for what in dict.fromkeys(whats):
        image, entry, face = *_meant(items, name, what), _face(what)
        if face is not None and not items.has_face(entry, face):
            raise NotFound(f"{entry} of run {name} has no face {face}: `magritte trace {entry}` lists those it has")
        known_as = None if face is None else boxes.number(Face(entry, face))
        verdicts.append(Verdict(image=image, face=known_as, decision=decision, who=who, why=why))
    for number, what in zip(decide(here, name, verdicts), dict.fromkeys(whats), strict=True):
        screen.say(f"verdict {number}: {decision} {what}{_go_on()}")


def _decide_pair(decision: PairDecision, one: str, other: str, run: str, why: str) -> None:
    here, name = found_run(run)
    items = RunItems(here, name, screen.remark)
    for what in (one, other):
        if _face(what) is not None:
            raise typer.BadParameter(f"{what} is a face: this is about whole pictures, and their faces follow")
    (image, _), (second, _) = (_meant(items, name, what) for what in (one, other))
    if image == second:
        raise typer.BadParameter(
            f"{one} and {other} are one file, byte for byte: there is nothing to decide about them"
        )
    verdict = Verdict(image=image, other=second, decision=decision, who=user(), why=why)
    (number,) = decide(here, name, [verdict])
    screen.say(f"verdict {number}: {one} and {other} are {_SAID[decision]}{_go_on()}")


_SAID = {PairDecision.APART: "not the same", PairDecision.SAME: "copies of each other"}


def _meant(items: RunItems, run: str, what: str) -> tuple[str, str]:
    """Return original and entry of the one picture that is meant; raises `NotFound` for none and for several."""
    found = items.entries_meant(what).best
    images = {image for entry in found if (image := items.image(entry))}
    if len(images) != 1:
        raise NotFound(f"{len(images)} pictures of run {run} are meant by {what}: `magritte trace` lists them")
    return images.pop(), found[0]


def _face(what: str) -> int | None:
    """Return the number of the face that is meant, None for a whole picture."""
    try:
        item = parse_item(what.lower())
    except ValueError:
        return None
    return item.number if isinstance(item, Face) else None


def _excluded(items: RunItems, exclusion: Exclusion) -> dict[str, tuple[ListedEntry, Drop]]:
    """Return the excluded pictures of a run by their originals: an entry of each, and why it is excluded."""
    found: dict[str, tuple[ListedEntry, Drop]] = {}
    for listed in items.listed():
        if listed.image and listed.image not in found:
            drop = exclusion.of(listed.known_post, listed.place, listed.kind)
            if drop is not None:
                found[listed.image] = listed, drop
    return found


def _in_dataset(items: RunItems, images: Collection[str]) -> int:
    """Count the originals of which an entry was in the data set when `items` was read."""
    entries = (listed for listed in items.listed() if listed.image in images)
    return len({listed.image for listed in entries if items.settlement(listed.entry).fate is Fate.IN_DATASET})


def _undecided(
    here: Store, run: str, found: dict[str, tuple[ListedEntry, Drop]], decision: Decision
) -> dict[str, tuple[ListedEntry, Drop]]:
    """Return the excluded pictures that are not dropped yet, or, to be kept, those that exclusion has dropped."""
    standing = Verdicts(run_recipe(here, run).name)
    standing.read(here)

    def is_open(image: str, why: Reason) -> bool:
        _, verdict = standing.about(image, None) or (0, None)
        if verdict is None or verdict.decision is not Decision.DROP:
            return decision is Decision.DROP
        return decision is Decision.KEEP and verdict.why.startswith(f"{why}: ")

    return {image: each for image, each in found.items() if is_open(image, each[1].reason)}


def _pictures(items: RunItems, images: set[str]) -> dict[str, list[ListedEntry]]:
    """Return the entries of a run that have one of these originals, by original."""
    found: dict[str, list[ListedEntry]] = {}
    for listed in items.listed() if images else ():
        if listed.image in images:
            found.setdefault(listed.image, []).append(listed)
    return found


def _shown(image: str, known: list[ListedEntry]) -> str:
    return known[0].entry if known else image[:20]


def _described(known: list[ListedEntry]) -> dict[str, list[str]]:
    return {"entries": [each.entry for each in known], "names": [each.shown for each in known]}


def _names(known: list[ListedEntry]) -> str:
    more = f" and {len(known) - 1} more" if len(known) > 1 else ""
    return f"{known[0].shown}{more}" if known else "not of this run"


def _go_on() -> str:
    return "" if has_broker() else "; `magritte run RECIPE` goes on with it"
