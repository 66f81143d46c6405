"""The files of a run's results, under plain names: which there are, and how each is written."""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath

from services.magritte import libraries
from services.magritte.data_card import card
from services.magritte.results_folder import Wanted
from services.magritte.weights import ExportFormat, exported
from shared.contract import keys
from shared.contract.errors import Poison
from shared.ledger.state import DatasetState, RunState
from shared.runs import trainings
from shared.runs.results import DATA_SET, legs, results, statistics
from shared.runs.trainings import Snapshot
from shared.store.interface import Store
from shared.stylegan2.errors import StyleGAN2Error

CURVES = "tensorboard/"
"""Folder of the event files; those of earlier trainings stay, to be compared with."""

_LEVELS = ".tfrecords"


def result_files(here: Store, run: str, state: RunState, also: Collection[ExportFormat] = ()) -> dict[str, Wanted]:
    """Return what there is of a run in this state, by name; nothing before its first data set.

    Those last that may take long or fail: the network in other formats, the data card, the statistics.
    """
    found = results(here, run, state)
    wanted = dict[str, Wanted]()
    for name, key in found.objects.items():
        if name != DATA_SET:
            plain = trainings.plain_name(PurePosixPath(key).name)
            wanted[plain] = Wanted(key, partial(_copy, here, key))
    if found.ranking_summary is not None:
        wanted[trainings.SUMMARY] = Wanted(found.ranking_summary, partial(_copy, here, found.ranking_summary))
    if state.dataset is not None:
        wanted |= _of_dataset(here, run, state.dataset)
    if found.snapshot is not None:
        wanted |= dict(_networks(here, found.snapshot, also)) | _of_training(here, legs(here, found.snapshot))
    return wanted


def _of_dataset(here: Store, run: str, dataset: DatasetState) -> dict[str, Wanted]:
    prefix = keys.dataset(dataset.digest)
    files = {key.removeprefix(prefix): key for key in here.list(prefix)}
    files.pop(keys.DATA_CARD, None)
    wanted = {f"dataset/{name}": Wanted(key, partial(_copy, here, key)) for name, key in files.items()}
    origin = f"{prefix}{keys.DATA_CARD} version {dataset.version}"
    return wanted | {keys.DATA_CARD: Wanted(origin, partial(_write_card, here, run, dataset))}


def _of_training(here: Store, snapshots: list[Snapshot]) -> dict[str, Wanted]:
    """Return the event file of each leg, and all ticks in one file. TensorBoard takes a folder for a training."""
    wanted = dict[str, Wanted]()
    for each in snapshots:
        if trainings.EVENTS in each.files:
            key = each.key(trainings.EVENTS)
            name = f"{CURVES}{each.training[:12]}/events.out.tfevents.{each.leg:010d}.magritte"
            wanted[name] = Wanted(key, partial(_copy, here, key))
    origin = f"ticks up to {keys.leg(snapshots[-1].training, snapshots[-1].leg)}"
    return wanted | {trainings.STATS: Wanted(origin, partial(_write_statistics, here, snapshots))}


def _networks(here: Store, snapshot: Snapshot, also: Collection[ExportFormat]) -> Iterator[tuple[str, Wanted]]:
    """Yield the network in the formats of other programs; those that are not asked for as extras."""
    key = snapshot.key(trainings.NETWORK)
    for kind in ExportFormat:
        name = str(PurePosixPath(trainings.NETWORK).with_suffix(f".{kind}"))
        yield name, Wanted(f"{key} as {kind}", partial(_write_network, here, key, kind), kind not in also)


def _copy(here: Store, key: str, target: Path) -> None:
    """Copy an object; a level of a data set, which may be many gigabytes and is edited by nobody, becomes a link."""
    with here.file(key) as path:
        if key.endswith(_LEVELS):
            with suppress(OSError):  # another disk, or one without links
                os.link(path, target)
                return
        shutil.copyfile(path, target)


def _write_network(here: Store, key: str, kind: ExportFormat, target: Path) -> None:
    with libraries.of_training():
        from shared.stylegan2 import network_file
    try:
        target.write_bytes(exported(network_file.load(here.get(key)), kind))
    except StyleGAN2Error as error:
        raise Poison(f"{key}: {error}") from error


def _write_card(here: Store, run: str, dataset: DatasetState, target: Path) -> None:
    target.write_text(card(here, run, dataset), encoding="utf-8")


def _write_statistics(here: Store, snapshots: list[Snapshot], target: Path) -> None:
    target.write_bytes(statistics(here, snapshots))
