"""The `magritte` command."""

import sys
from typing import Annotated

import typer

from shared.cli import dataset, inspect, recipe, run
from shared.errors import MagritteError, RecipeError, SettingsError, StoreFull, Transient

app = typer.Typer(
    name="magritte",
    help="Turns the pictures of one drawn character into a clean face data set and a StyleGAN2 that draws it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 something is wrong with the data, 2 wrong usage or recipe, 75 try again later, "
    "130 stopped. Where data is kept: MAGRITTE_STORE (default folder:./magritte-data).",
)
app.command("run")(run.run)
app.command("status")(inspect.status)
app.command("trace")(inspect.trace)
app.command("verify")(dataset.verify)
app.add_typer(recipe.app, name="recipe")

USAGE, TRY_AGAIN = 2, 75
"""75 is EX_TEMPFAIL of sysexits.h."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"magritte {version('magritte')}")
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
    try:
        app()
    except MagritteError as error:
        typer.echo(f"magritte: {error}", err=True)
        sys.exit(_exit_code(error))


def _exit_code(error: MagritteError) -> int:
    if isinstance(error, RecipeError | SettingsError):
        return USAGE
    return TRY_AGAIN if isinstance(error, Transient | StoreFull) else 1
