"""`magritte models`: the models that a recipe can name, and the cache that they are kept in."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from services.magritte import libraries, screen
from services.magritte.inspect import AsJson
from shared.contract.environment import FetchingEnvironment
from shared.contract.errors import NotFound, Poison
from shared.models.cache import ModelCache
from shared.models.catalogue import MODELS, NAMED, Delivery, Model
from shared.recipe.detectors import DetectorKind
from shared.recipe.recipe import Recipe
from shared.settings import read_variables

app = typer.Typer(help="List the models that a recipe can name; get one.", invoke_without_command=True)

_STOPPED = 130
"""Exit code after Ctrl-C."""

_VOTER = "lbpcascade_animeface"
"""What a vote has use for."""


def _model(name: str) -> Model:
    if name not in NAMED:
        raise typer.BadParameter(f"there is no model {name}; there are {', '.join(NAMED)}", param_hint="NAME")
    return NAMED[name]


def _web_address(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise typer.BadParameter("it begins with neither http:// nor https://")
    return text


Named = Annotated[Model, typer.Argument(metavar="NAME", parser=_model, help="A name that `magritte models` lists.")]


@app.callback()
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models that a recipe can name: what for, licence, size, where from, and whether they are here.

    Nothing is downloaded unless `magritte models get` asks for it.
    """
    if context.invoked_subcommand:
        return
    cache = ModelCache.of_this_machine()
    if as_json:
        screen.say_json([_described(model, cache) for model in MODELS])
    else:
        screen.say("\n\n".join(_paragraph(model, cache) for model in MODELS))


@app.command()
def get(
    model: Named,
    address: Annotated[
        str, typer.Option("--from", parser=_web_address, help="Another http(s) address of the same file.")
    ] = "",
) -> None:
    """Download a model into the cache and check its SHA-256, or write that down where nobody states it.

    What is cut goes on where it was when the command is run again (exit code 75 until then).
    """
    cache = ModelCache.of_this_machine()
    if cache.file(model).is_file() and not (cache.usable(model) == cache.file(model) and cache.lack(model)):
        screen.say(f"{model.name} is here already: {cache.file(model)}")
        return
    if model.delivery is Delivery.BROWSER and not address:
        raise Poison(f"{model.name} cannot be downloaded by a program: {cache.how_to_get(model)}")
    environment = read_variables(FetchingEnvironment)
    with libraries.of_extra("face-detector"):
        from shared.models.download import Download
    download = Download(model, address or model.address, cache, environment.egress)
    try:
        with screen.bar() as bar:
            task = bar.add_task(model.name, total=model.size)
            download.run(lambda arrived, total: bar.update(task, completed=arrived, total=total or model.size))
    except KeyboardInterrupt as stop:
        screen.remark(f"stopped; `magritte models get {model.name}` goes on")
        raise typer.Exit(_STOPPED) from stop
    _say_where(model, cache)


@app.command()
def add(
    model: Named,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The model's file; .xz is unpacked.")
    ],
) -> None:
    """Put a file that you have fetched yourself in a model's place, once its SHA-256 is right."""
    cache = ModelCache.of_this_machine()
    cache.add(model, file)
    _say_where(model, cache)


@app.command()
def path(model: Named) -> None:
    """Print the path of the file that recipes use by a model's name; if it is not there, say what to do."""
    cache = ModelCache.of_this_machine()
    if lack := cache.lack(model):
        raise NotFound(lack)
    screen.say(str(cache.usable(model)))


def say_what_a_cascade_adds(recipe: Recipe) -> None:
    """Print in one line on standard error what a vote without a cascade misses, and how to name one."""
    if recipe.faces.detector is not DetectorKind.VOTE or recipe.faces.cascade.model:
        return
    is_here = not ModelCache.of_this_machine().lack(NAMED[_VOTER])
    first = "" if is_here else f"`magritte models get {_VOTER}` and "
    screen.remark(
        "a third detector finds more faces (0.84 instead of 0.82 of those in 99 pictures, 0.92 instead of 0.95 of the "
        f"crops right): {first}in the recipe `faces: {{cascade: {{model: {_VOTER}}}}}`"
    )


def _say_where(model: Model, cache: ModelCache) -> None:
    screen.say(f"{model.name} is here: {cache.file(model)}")
    if not model.sha256:
        screen.say(f"nobody states its SHA-256; from now on it is held to this one, {cache.digest(model)}")
    if lack := cache.lack(model):
        screen.say(lack)
    else:
        screen.say(f"in a recipe: {model.used_by} is {model.name}")


def _described(model: Model, cache: ModelCache) -> dict[str, Any]:
    lack, file = cache.lack(model), cache.file(model)
    kept = {"file": str(file) if file.is_file() else None, "sha256": cache.digest(model) or None}
    return asdict(model) | kept | {"usable": str(cache.usable(model)) if not lack else None, "lack": lack or None}


def _paragraph(model: Model, cache: ModelCache) -> str:
    size = f"{model.size:,} bytes" if model.size else "size not known"
    lack = cache.lack(model)
    return (
        f"{model.name}: {model.purpose}, for {model.used_by}\n"
        f"    licence  {model.licence}\n"
        f"    file     {size}, {model.format}\n"
        f"    from     {model.address}\n"
        f"             ({model.certainty})\n"
        f"    here     {f'no: {lack}' if lack else cache.usable(model)}"
    )
