"""Networks to be measured, and the data sets that they are measured against: of a run, or files of a person."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from services.magritte.connection import found_run
from shared.contract.errors import NotFound, Poison
from shared.runs import trainings
from shared.runs.registry import read_state, run_recipe
from shared.runs.results import legs, results
from shared.store.interface import Store
from shared.stylegan2.errors import StyleGAN2Error

if TYPE_CHECKING:
    from shared.stylegan2.labels_file import LabelArray
    from shared.stylegan2.picture_file import PictureFile
    from shared.stylegan2.weights import Networks


@dataclass(frozen=True)
class Candidate:
    """A network to be measured; leg and kimg are of a run's."""

    name: str
    read: Callable[[], bytes]
    leg: int | None = None
    kimg: float | None = None


@dataclass(frozen=True)
class Subject:
    """Networks and the data set that they are measured against; its labels are read if a network wants them."""

    name: str
    candidates: list[Candidate]
    pictures: "PictureFile"
    labels: Callable[[], "LabelArray | None"]


def of_file(network: Path, dataset: Path) -> Subject:
    """Pair a network file with a folder of `.tfrecords` or one of them. Raises Poison where there are no pictures."""
    from shared.stylegan2.picture_file import PictureFile

    level = _largest_level(dataset)
    return Subject(
        network.name,
        [Candidate(str(network), network.read_bytes)],
        PictureFile(level),
        partial(_labels_beside, level),
    )


def of_run(name: str, leg: int | None, all_legs: bool) -> Subject:
    """Take the snapshot of a run that its results show, that of `leg`, or all; raise `NotFound` where there is none."""
    from shared.runs import datasets

    here, run = found_run(name)
    state = read_state(here, run)
    found, dataset = results(here, run, state), state.dataset
    if dataset is None:
        raise NotFound(f"run {run} has no data set yet")
    snapshots = legs(here, found.snapshot) if found.snapshot else []
    wanted = [each for each in snapshots if all_legs or each.leg == (leg or snapshots[-1].leg)]
    if not wanted:
        raise NotFound(f"run {run} has no snapshot {leg or 'of its newest data set yet'}")
    before = run_recipe(here, run).training.resume_kimg
    candidates = [_of_leg(here, run, snapshot, before) for snapshot in wanted]
    pictures = datasets.open_pictures(here, dataset.digest)
    return Subject(run, candidates, pictures, partial(datasets.open_labels, here, dataset.digest))


def open_networks(candidate: Candidate, subject: Subject) -> "Networks":
    """Load the networks of a candidate. Raises Poison unless they draw pictures of the data set's size."""
    from shared.stylegan2 import network_file

    try:
        networks = network_file.load(candidate.read())
    except StyleGAN2Error as error:
        raise Poison(f"{candidate.name}: {error}") from error
    except OSError as error:
        raise Poison(f"{candidate.name}: cannot be read: {error.strerror}") from error
    found, pictures = networks.architecture, subject.pictures
    if (found.resolution, found.num_channels) != (pictures.resolution, pictures.channels):
        raise Poison(
            f"{candidate.name} draws {found.resolution} px in {found.num_channels} channels, and the data set has "
            f"{pictures.resolution} px in {pictures.channels}"
        )
    return networks


def labels_for(networks: "Networks", candidate: Candidate, subject: Subject) -> "LabelArray | None":
    """Return the labels of the data set's pictures if the network takes labels. Raises Poison if these do not fit."""
    classes = networks.architecture.label_size
    if not classes:
        return None
    labels = subject.labels()
    if labels is None or labels.shape != (len(subject.pictures), classes):
        raise Poison(f"{candidate.name} draws by labels of {classes} classes, and the data set has no such labels")
    return labels


def _largest_level(dataset: Path) -> Path:
    levels = sorted(dataset.glob("*.tfrecords")) if dataset.is_dir() else [dataset]
    if not levels:
        raise Poison(f"{dataset}: there are no *.tfrecords in this folder")
    return levels[-1]  # their names end with the level, as two digits


def _labels_beside(level: Path) -> "LabelArray | None":
    from shared.stylegan2.labels_file import decode_labels, labels_file_name

    file = level.with_name(labels_file_name(level.name.rpartition("-r")[0]))
    if not file.exists():
        return None
    try:
        return decode_labels(file.read_bytes())
    except StyleGAN2Error as error:
        raise Poison(f"{file}: {error}") from error


def _of_leg(here: Store, run: str, snapshot: trainings.Snapshot, kimg_before: float) -> Candidate:
    read = partial(here.get, snapshot.key(trainings.NETWORK))
    return Candidate(f"{run}, leg {snapshot.leg}", read, snapshot.leg, kimg_before + snapshot.kimg)
