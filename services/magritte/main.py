"""The `magritte` command."""

import sys
from typing import Annotated

import typer

from services.magritte import (
    convert,
    dataset,
    dead,
    directions,
    draw,
    duplicates,
    export,
    faces,
    fetch,
    init,
    inspect,
    jitter,
    login,
    mix,
    models,
    operate,
    project,
    prune,
    quality,
    rank,
    recipe,
    review,
    run,
    screen,
    sheet,
    sources,
    stage,
    suspects,
    train,
    verdict,
    versions,
    walk,
    watch,
    weights,
)
from shared.contract.errors import MagritteError, exit_code
from shared.runtime.library_errors import translated

app = typer.Typer(
    name="magritte",
    help="Turns the pictures of one drawn character into a clean face data set and a StyleGAN2 that draws it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 something is wrong with the data, 2 wrong usage, recipe or setting, 75 try again "
    "later (some pictures could not be fetched), 130 stopped. Where data is kept: MAGRITTE_STORE (default "
    "folder:./magritte-data); where stages of other processes are asked: MAGRITTE_BUS.",
)
app.command("init")(init.init)
app.command("run")(run.run)
app.command("setup")(operate.setup)
app.command("submit")(operate.submit)
app.command("stage")(stage.stage)
app.command("status")(inspect.status)
app.command("watch")(watch.watch)
app.command("fetch")(fetch.fetch)
app.command("export")(export.export)
app.command("trace")(inspect.trace)
app.command("sheet")(sheet.sheet)
app.command("duplicates")(duplicates.duplicates)
app.command("suspects")(suspects.suspects)
app.command("versions")(versions.versions)
app.command("prune")(prune.prune)
app.command("undo")(prune.undo)
app.command("train")(train.train)
app.command("verify")(dataset.verify)
app.command("draw")(draw.draw)
app.command("mix")(mix.mix)
app.command("walk")(walk.walk)
app.command("project")(project.project)
app.command("jitter")(jitter.jitter)
app.command("directions")(directions.directions)
app.command("quality")(quality.quality)
app.command("rank")(rank.rank)
app.command("resume")(operate.resume)
app.command("cancel")(operate.cancel)
app.command("pause")(operate.pause)
app.command("continue")(operate.unpause)
app.add_typer(dead.app, name="dead")
app.command("convert")(convert.convert)
app.add_typer(review.app, name="review")
app.add_typer(verdict.app, name="verdict")
app.add_typer(recipe.app, name="recipe")
app.add_typer(sources.app, name="sources")
app.add_typer(faces.app, name="faces")
app.add_typer(weights.app, name="weights")
app.add_typer(models.app, name="models")
app.add_typer(login.app, name="login")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        screen.say(f"magritte {version('magritte')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; our own errors end as one message and an exit code."""
    screen.take_any_character()
    try:
        with translated():
            app()
    except MagritteError as error:
        screen.say(f"magritte: {error}", err=True)
        sys.exit(exit_code(error))
    except BrokenPipeError:  # whoever read what we print has seen enough, as `head` has
        screen.close_quietly()
        sys.exit(1)
