"""`magritte duplicates`: pairs of pictures of which a run has kept one, to see where its strictness draws the line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from services.magritte.inspect import RunName
from services.magritte.pipeline import picture_comparer
from services.magritte.run_items import RunItems
from services.magritte.sheet_files import SUFFIX, Most, png_file, write_pages, written
from shared.contract import keys
from shared.contract.compared_pictures import LAYING, Figures, PictureComparer
from shared.contract.errors import NotFound
from shared.contract.items import Face, Item
from shared.contract.messages import FaceKept, FaceNormalized, FaceSuperseded, ImageKept, ImageSuperseded
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdicts
from shared.recipe.own_folders import SHEETS
from shared.runs.registry import run_recipe
from shared.store.interface import Store

if TYPE_CHECKING:
    from PIL.Image import Image

    from shared.pictures.contact_sheet import Tile


@dataclass(frozen=True)
class Pair:
    """A picture that was superseded, by entry and original, and the one that was kept, with the names of both.

    Without a `reason` both were kept.
    """

    entry: str
    image: str
    name: str
    kept: str
    kept_name: str
    reason: Reason | None
    key: Callable[[str], str] = keys.original
    """Returns where the pictures of both lie: originals, or pictures of faces in the data set."""


@dataclass(frozen=True)
class Compared:
    """A pair and the figures of its comparison; None where one of its pictures is gone or damaged by now."""

    pair: Pair
    figures: Figures | None

    @property
    def order(self) -> tuple[float, str]:
        """Sorts pairs, the most doubtful first; those that nobody can compare any more come last."""
        return inf if self.figures is None else -self.figures.doubt, self.pair.entry


def duplicates(
    run: RunName = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, callback=png_file, help="The sheet. Default: sheets/RUN-duplicates.png."),
    ] = None,
    most: Most = 200,
    faces: Annotated[
        bool, typer.Option("--faces", help="Faces that are copies of others, though their pictures are not.")
    ] = False,
    nearly: Annotated[
        bool, typer.Option("--nearly", help="Pairs of which both were kept though little speaks against a copy.")
    ] = False,
) -> None:
    """Draw the near and mirrored duplicates of a run beside what was kept, the most doubtful pair first.

    Left is what was kept, right what was left out for it; below are the reason and the figures of the comparison: the
    details that lie in the same place, the share of blocks that agree, that of blocks which show something else
    (moved), and the doubt: 0 for the surest pair, 1 where the recipe's
    `duplicates.strictness` and the other limits would have kept both. Exact copies are only counted. With --nearly
    the pairs are drawn of which both were kept by a small margin, with --faces those of faces (`duplicates.faces`).
    `magritte verdict apart` and `same` decide otherwise.
    """
    here, name = found_run(run)
    kind = "duplicate-faces" if faces else "nearly-duplicates" if nearly else "duplicates"
    target = out or SHEETS / f"{name}-{kind}{SUFFIX}"
    check_destination(here, name, target, "--out")
    items = RunItems(here, name, screen.remark)
    if faces:
        _draw_faces(here, name, items, target, most)
    else:
        _draw_pictures(here, name, items, target, most, nearly)


def _draw_pictures(here: Store, run: str, items: RunItems, target: Path, most: int, nearly: bool) -> None:
    pairs, exact = (_undecided(here, run, find_near_pairs(items)), 0) if nearly else find_pairs(items)
    if not pairs:
        others = "pairs that are nearly duplicates" if nearly else "near or mirrored duplicates"
        raise NotFound(f"run {run} has no {others}" + ("" if nearly else f" ({exact} exact copies)"))
    with libraries.of_pictures():
        comparer = picture_comparer(run_recipe(here, run).duplicates, here)
        found = compare_pairs(comparer, screen.track(pairs, "comparing"))
        shown = found[:most]
        files = _write_sheet(target, here, shown)
    more = f", the most doubtful {most} of them" if len(found) > most else ""
    copies = "" if nearly else f", and {exact} exact copies"
    screen.say(f"{len(found)} pairs{_span(found)}{copies}; {written(files)}{more}")


def _draw_faces(here: Store, run: str, items: RunItems, target: Path, most: int) -> None:
    pairs = find_face_pairs(items)
    if not pairs:
        raise NotFound(f"run {run} has no faces that are copies of others")
    with libraries.of_pictures():
        files = _write_sheet(target, here, [Compared(pair, None) for pair in pairs[:most]])
    more = f", the first {most} of them" if len(pairs) > most else ""
    screen.say(f"{len(pairs)} pairs of faces; {written(files)}{more}")


def find_face_pairs(items: RunItems) -> list[Pair]:
    """Return the faces of a run that the deduper's second pass has found better copies of, with these."""
    last: dict[Item, FaceSuperseded | FaceKept] = {}
    compared: list[FaceSuperseded | FaceKept] = [*items.messages_of(FaceSuperseded), *items.messages_of(FaceKept)]
    for message in compared:
        known = last.setdefault(message.item, message)
        last[message.item] = max(known, message, key=lambda each: each.changes)
    superseded = [each for each in last.values() if isinstance(each, FaceSuperseded)]
    owners = {each.picture: each.item for each in items.messages_of(FaceNormalized)}
    names = {each.entry: each.shown for each in items.listed()} if superseded else {}
    return [
        Pair(
            entry=str(each.item),
            image=each.picture,
            name=names.get(each.entry, ""),
            kept=each.by,
            kept_name=_face_name(owners.get(each.by), names),
            reason=each.reason,
            key=keys.normalized,
        )
        for each in sorted(superseded, key=lambda each: (each.by, each.entry, each.face))
    ]


def _face_name(face: Item | None, names: Mapping[str, str]) -> str:
    return f"{face} {names.get(face.entry, '')}" if isinstance(face, Face) else ""


def find_pairs(items: RunItems) -> tuple[list[Pair], int]:
    """Return the near and mirrored duplicates of a run, grouped by what was kept, and the number of exact copies."""
    judgements = items.judgements().values()
    superseded = [each for each in judgements if isinstance(each, ImageSuperseded)]
    near = [each for each in superseded if each.reason is not Reason.EXACT_DUPLICATE]
    kept = {each.image: each.entry for each in judgements if isinstance(each, ImageKept)}
    entries = {each.entry for each in near} | {kept.get(each.by, "") for each in near}
    names = {each.entry: each.shown for each in items.listed() if each.entry in entries}
    pairs = (
        Pair(
            entry=each.entry,
            image=each.image,
            name=names.get(each.entry, ""),
            kept=each.by,
            kept_name=names.get(kept.get(each.by, ""), each.by),
            reason=each.reason,
        )
        for each in near
    )
    return sorted(pairs, key=lambda pair: (pair.kept, pair.entry)), len(superseded) - len(near)


def find_near_pairs(items: RunItems) -> list[Pair]:
    """Return the pairs of kept pictures of a run that are not quite duplicates, in order of their entries."""
    last = items.judgements()
    kept = {each.image: each.entry for each in last.values() if isinstance(each, ImageKept)}
    near = [
        (message, other)
        for message in items.messages_of(ImageKept)
        for other in (message.nearly if message.image in kept else ())
        if other in kept
    ]
    entries = {entry for message, other in near for entry in (message.entry, kept[other])}
    names = {each.entry: each.shown for each in items.listed() if each.entry in entries}
    pairs = {
        (message.entry, other): Pair(
            entry=message.entry,
            image=message.image,
            name=names.get(message.entry, ""),
            kept=other,
            kept_name=f"{kept[other]} {names.get(kept[other], '')}",
            reason=None,
        )
        for message, other in near
    }
    return [pairs[key] for key in sorted(pairs)]


def _undecided(here: Store, run: str, pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs about which no person has said anything."""
    verdicts = Verdicts(run_recipe(here, run).name)
    verdicts.read(here)
    decided = {verdict.subject for _, verdict in verdicts.pairs()}
    return [pair for pair in pairs if frozenset((pair.image, pair.kept)) not in decided]


def compare_pairs(comparer: PictureComparer, pairs: Iterable[Pair]) -> list[Compared]:
    """Compare pairs of originals; the most doubtful comes first."""
    found = (Compared(pair, _figures(comparer, pair)) for pair in pairs)
    return sorted(found, key=lambda each: each.order)


def _figures(comparer: PictureComparer, pair: Pair) -> Figures | None:
    """Compare a pair; one of which both were kept whichever way round the doubt is smaller."""
    kinds = (pair.reason,) if pair.reason else (Reason.NEAR_DUPLICATE, Reason.MIRRORED_DUPLICATE)
    found = [comparer.compare(pair.kept, pair.image, kind) for kind in kinds]
    return min((each for each in found if each), key=lambda each: each.doubt, default=None)


def _span(found: Sequence[Compared]) -> str:
    doubts = [each.figures.doubt for each in found if each.figures]
    return f", of a doubt from {max(doubts):.2f} to {min(doubts):.2f}" if doubts else ""


def _write_sheet(target: Path, here: Store, shown: Sequence[Compared]) -> list[Path]:
    from shared.pictures.contact_sheet import PAIRS

    return write_pages(target, _tiles(here, screen.track(shown, "drawing")), len(shown), PAIRS)


def _tiles(here: Store, found: Iterable[Compared]) -> Iterator["Tile"]:
    from shared.pictures.contact_sheet import PAIRS, Tile, beside, shortened

    size = PAIRS.width, PAIRS.height
    for each in found:
        pair = each.pair
        picture = beside(_picture(here, pair.key(pair.kept)), _picture(here, pair.key(pair.image)), size)
        names = (f"kept {pair.kept_name}", f"{'left out' if pair.reason else 'and'} {pair.entry} {pair.name}")
        reason = pair.reason.value if pair.reason else "both kept"
        figures = _told(each.figures) if pair.key is keys.original else ()
        captions = (*(shortened(name, 1, PAIRS.width) for name in names), reason, *figures)
        yield Tile(picture, captions)


def _picture(here: Store, key: str) -> "Image | str":
    from shared.pictures.contact_sheet import PAIRS, half, reduced

    try:
        return reduced(here.get(key), half((PAIRS.width, PAIRS.height)))
    except NotFound:
        return f"not in the store: {key}"


def _told(figures: Figures | None) -> tuple[str, ...]:
    """Return the figures of a pair in two lines."""
    if figures is None:
        return ("it cannot be compared any more",)
    if figures.weakest == LAYING:
        return ("neither can be laid over the other",)
    details = "laid edge to edge" if figures.details is None else f"{figures.details} details in common"
    shares = f"{figures.agreeing:.0%} of blocks agree, {figures.moved:.1%} moved"
    return f"doubt {figures.doubt:.2f} by {figures.weakest}; {details}", shares
