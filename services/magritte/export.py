"""`magritte export`: a version of a data set as other programs read it."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from services.magritte import screen
from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from services.magritte.exports import imagefolder, kohya, stylegan3, webdataset_shards
from services.magritte.exports.new_place import appearing, check_free
from services.magritte.exports.pictures import DataPicture, DataPictures
from services.magritte.inspect import AsJson, RunName
from services.magritte.pipeline import checked_settings
from services.magritte.run_items import RunItems
from shared.contract.errors import NotFound
from shared.contract.messages import FacesCounted
from shared.ledger.records import dataset_versions, read_dataset_version
from shared.recipe.own_folders import EXPORTS
from shared.runs.manifests import read_manifest
from shared.runs.registry import run_recipe
from shared.store.interface import Store

Write = Callable[[Iterable[DataPicture], Path], None]


class Format(StrEnum):
    """Formats that data sets are written in."""

    STYLEGAN3 = "stylegan3"
    IMAGEFOLDER = "imagefolder"
    KOHYA = "kohya"
    WEBDATASET = "webdataset"


_OPTIONS = {"--repeats": Format.KOHYA, "--trigger": Format.KOHYA, "--shard-size": Format.WEBDATASET}
"""Options that mean something in one format only."""

As = Annotated[Format, typer.Option("--as", help="The format.", show_default=False)]
VersionNumber = Annotated[
    int | None, typer.Option("--version", min=1, help="A version of the data set, as `magritte versions` numbers them.")
]
Out = Annotated[Path | None, typer.Option("--out", help="A new file or folder; default: exports/RUN-vVERSION-FORMAT.")]
Repeats = Annotated[
    int | None, typer.Option("--repeats", min=1, help="Of kohya: how often an epoch shows each picture. Default: 10.")
]
Trigger = Annotated[
    str, typer.Option("--trigger", help="Of kohya: the first tag of every caption. Default: the recipe's name.")
]
ShardSize = Annotated[
    int | None, typer.Option("--shard-size", min=1, help="Of webdataset: pictures in a tar file. Default: 1000.")
]


def export(
    as_: As,
    run: RunName = "",
    version: VersionNumber = None,
    out: Out = None,
    repeats: Repeats = None,
    trigger: Trigger = "",
    shard_size: ShardSize = None,
    as_json: AsJson = False,
) -> None:
    """Write a version of a run's data set as other programs read it.

    stylegan3: a zip file with dataset.json, for stylegan2-ada-pytorch and stylegan3 (--data FILE.zip; with --cond=1 if
    the data set has classes).

    imagefolder: pictures and metadata.jsonl, for load_dataset("imagefolder", data_dir=FOLDER) of Hugging Face datasets.

    kohya: pictures with captions of tags, for training LoRAs with sd-scripts (--train_data_dir FOLDER
    --caption_extension .txt --keep_tokens 1).

    webdataset: tar files with a picture and a JSON file for each.

    Pictures are those of the store, byte for byte. One that is gone or damaged is named, and the others are written
    (exit code 1). What is written appears whole or not at all, and is the same each time.
    """
    _check_options(as_, {"--repeats": repeats, "--trigger": trigger, "--shard-size": shard_size})
    here, name = found_run(run)
    number, digest = _version(here, name, version)
    target = out or EXPORTS / f"{name}-v{number}-{as_}{stylegan3.SUFFIX if as_ is Format.STYLEGAN3 else ''}"
    check_destination(here, name, target, "--out")
    check_free(target, "--out")
    character = run_recipe(here, name).name
    captions = kohya.Captions(trigger or character, character, repeats or 10)
    tagged = _tagged(here, name) if as_ is not Format.STYLEGAN3 else {}
    pictures = DataPictures(here, read_manifest(here, digest), tagged, checked_settings().threads)
    _write(pictures, target, _writer(as_, captions, shard_size or 1000))
    about = {"run": name, "version": number, "digest": digest, "format": as_.value, "out": str(target)}
    _conclude(pictures, about, as_json)


def _check_options(as_: Format, given: dict[str, object]) -> None:
    for option, format_ in _OPTIONS.items():
        if given[option] and as_ is not format_:
            raise typer.BadParameter(f"is for --as {format_} only", param_hint=option)


def _version(here: Store, run: str, wanted: int | None) -> tuple[int, str]:
    """Return the number and the digest of the version that is wanted, or else of the newest."""
    versions = dict(dataset_versions(here, run, screen.skipped))
    if not versions:
        raise NotFound(f"run {run} has no data set yet")
    number = wanted or max(versions)
    if number not in versions:
        raise NotFound(f"run {run} has no version {number}: it has {', '.join(map(str, sorted(versions)))}")
    return number, read_dataset_version(here, versions[number]).digest


def _tagged(here: Store, run: str) -> dict[str, tuple[str, ...]]:
    """Return the tags that a tagger has told of the run's pictures, by the digests of these."""
    counted = RunItems(here, run, screen.remark).messages_of(FacesCounted)
    return {message.image: message.tags for message in counted if message.tags}


def _writer(as_: Format, captions: kohya.Captions, shard_size: int) -> Write:
    if as_ is Format.STYLEGAN3:
        return stylegan3.write
    if as_ is Format.IMAGEFOLDER:
        return imagefolder.write
    if as_ is Format.KOHYA:
        return partial(kohya.write, captions=captions)
    return partial(webdataset_shards.write, name=captions.character, shard_size=shard_size)


def _write(pictures: DataPictures, target: Path, write: Write) -> None:
    with screen.bar() as progress, appearing(target) as place:
        write(progress.track(pictures, total=len(pictures), description="writing"), place)
        if len(pictures.missing) == len(pictures):
            raise NotFound(f"no picture of the data set is in the store: {pictures.missing[0]}")


def _conclude(pictures: DataPictures, about: dict[str, Any], as_json: bool) -> None:
    """Say where the export is and what is missing; exit code 1 if anything is."""
    written = len(pictures) - len(pictures.missing)
    if as_json:
        screen.say_json(about | {"pictures": written, "missing": pictures.missing})
    else:
        screen.say(
            f"{written} of {len(pictures)} pictures of {about['run']}, version {about['version']}: {about['out']}"
        )
        for sentence in pictures.missing:
            screen.remark(f"missing: {sentence}")
    if pictures.missing:
        raise typer.Exit(1)
