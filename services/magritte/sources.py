"""`magritte sources`: what the sources of a recipe have, before anything is fetched."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.magritte import screen
from services.magritte.connection import own_folders
from services.magritte.pipeline import checked_settings, danbooru_account, previews
from shared.contract.preview import SourcePreview
from shared.recipe.file import read_recipe
from shared.recipe.recipe import Recipe
from shared.runtime import logs
from shared.settings import LogFormat

MARKERS = (
    "solo", "multiple_girls", "multiple_boys", "portrait", "close-up", "upper_body", "cowboy_shot", "full_body",
    "looking_at_viewer", "profile", "from_behind", "closed_eyes", "chibi", "monochrome", "greyscale", "comic", "sketch",
    "highres", "absurdres",
)  # fmt: skip
"""Tags that say how many faces there are, how large they are, and whether they can be used."""

_MOST = 20

app = typer.Typer(help="Look at what the sources of a recipe have, without fetching it.", no_args_is_help=True)


@app.callback()
def _sources() -> None:
    pass


@app.command()
def preview(
    path: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
    pages: Annotated[
        int | None, typer.Option("--pages", min=1, help="Pages of each listing to look at; default: all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Go through the listings of a recipe's sources, at their pace, and count what would be taken. Fetches nothing."""
    environment = checked_settings()
    logs.set_up(environment.log or LogFormat.PRETTY, environment.log_level or "warning")
    recipe = read_recipe(path, own_folders(path), danbooru_account())
    found = [_previewed(recipe, number, pages) for number in range(len(recipe.sources))]
    if as_json:
        screen.say_json({"recipe": recipe.name, "sources": [each.model_dump(mode="json") for each in found]})
        return
    for number, each in enumerate(found):
        _print(number, each)


def _previewed(recipe: Recipe, source: int, pages: int | None) -> SourcePreview:
    """Return the preview after the last page; until then say on standard error how far it is."""
    with screen.console(stderr=True).status("") as status:
        last = None
        for last in previews(recipe, source, pages):
            status.update(Text(f"{last.name}: {last.listed} on {last.pages} pages"))
    if last is None:
        raise RuntimeError("a source has at least one page")
    return last


def _print(number: int, found: SourcePreview) -> None:
    console = screen.console()
    console.print()
    console.print(Text.assemble(f"sources[{number}], {found.kind}: ", (found.name, "bold")), soft_wrap=True)
    console.print(_extent(found))
    console.print(_fates(found))
    lines = {
        "to fetch": _effort(found),
        "artists": _named(found.artists, f"{len(found.artists)}: "),
        "characters": _named(found.characters),
        "faces": _shares({tag: found.tags[tag] for tag in MARKERS if tag in found.tags}, found.taken),
        "tags": _shares({tag: count for tag, count in found.tags.items() if tag not in MARKERS}, found.taken),
    }
    table = Table(box=None, show_header=False)
    for name, text in lines.items():
        if text:
            table.add_row(Text(name, "dim"), Text(text))
    console.print(table)
    for address in found.thumbnails:
        console.print(address, soft_wrap=True)


def _extent(found: SourcePreview) -> str:
    pages = "1 page" if found.pages == 1 else f"{found.pages} pages"
    if found.complete:
        return f"{found.listed} listed, on {pages}"
    counted = "it is not known of how many" if found.counted is None else f"of about {found.counted}"
    return f"{found.listed} listed on the first {pages}, {counted}"


def _fates(found: SourcePreview) -> Table:
    """Tabulate how many would be taken, and why the others would not."""
    table = Table("number", "fate", "reason", box=None, header_style="dim")
    table.columns[0].justify = "right"
    table.add_row(str(found.taken), "taken", "")
    for reason, count in found.dropped.items():
        table.add_row(str(count), "dropped", reason)
    if found.unreadable:
        table.add_row(str(found.unreadable), "dead", "what the board says of them cannot be read")
    return table


def _effort(found: SourcePreview) -> str:
    """Return the size and time of what is taken; empty where neither is known."""
    size = f"{found.bytes / 1e6:,.0f} MB" if found.bytes else ""
    unknown = f"{found.without_size} files of unknown size" if found.without_size else ""
    time = f"at least {_spoken(found.seconds)}, by the pauses between requests" if found.seconds else ""
    return ", ".join(filter(None, (size, unknown, time)))


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _named(counts: Mapping[str, int], before: str = "") -> str:
    """Return the most frequent names with their numbers; empty if there are none."""
    shown = ", ".join(f"{name} ({count})" for name, count in list(counts.items())[:_MOST])
    return f"{before}{shown}" if shown else ""


def _shares(counts: Mapping[str, int], taken: int) -> str:
    """Return the most frequent tags with their shares of what is taken."""
    return ", ".join(f"{tag} {count / taken:.0%}" for tag, count in list(counts.items())[:_MOST])
