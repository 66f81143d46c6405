"""The networks that a training starts from: fresh ones of the recipe's sizes, or those of a network file."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from services.trainer.events import ClassesAdded, StartFrom
from services.trainer.learning.widening import with_labels
from shared.contract.errors import Poison
from shared.contract.events import Event
from shared.contract.stage import Objects
from shared.recipe.files import content
from shared.recipe.training import ResolvedTraining
from shared.runs.trainings import NETWORK, Snapshot
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Networks


class Shape(NamedTuple):
    """The shape of a data set's pictures: pixels of each side, channels, and the number of their classes (0: none)."""

    resolution: int
    channels: int
    classes: int = 0


def starting_networks(
    settings: ResolvedTraining, shape: Shape, store: Objects, emit: Callable[[Event], None]
) -> Networks:
    """Return networks for pictures of `shape`; a file's are taken as they are, whatever sizes the recipe has.

    Raises Poison when they cannot be trained on the pictures.
    """
    file = settings.start_from
    if file is None:
        return _fresh(settings, shape)
    name = file.name if isinstance(file, Path) else f"the network {file[:19]}"
    return _of_file(name, content(file, store, "training.start_from"), settings, shape, emit, "training.start_from: ")


def networks_of_snapshot(
    snapshot: Snapshot, settings: ResolvedTraining, shape: Shape, store: Objects, emit: Callable[[Event], None]
) -> Networks:
    """Return the networks of a snapshot for pictures of `shape`; raises Poison as `starting_networks`."""
    name = f"snapshot {snapshot.leg} of the training {snapshot.training[:20]}"
    with store.file(snapshot.key(NETWORK)) as path:
        return _of_file(name, path.read_bytes(), settings, shape, emit)


def _fresh(settings: ResolvedTraining, shape: Shape) -> Networks:
    try:
        architecture = Architecture(
            shape.resolution,
            shape.channels,
            shape.classes,
            fmap_base=settings.fmap_base,
            fmap_max=settings.fmap_max,
            z_size=settings.latent_size,
            w_size=settings.latent_size,
            mapping_fmaps=settings.latent_size,
            mapping_layers=settings.mapping_layers,
            mbstd_group_size=settings.mbstd_group,
        )
    except ValueError as error:
        raise Poison(f"there are no such networks: {error}") from error
    return Networks.fresh(architecture, settings.seed)


def _of_file(
    name: str,
    network: bytes,
    settings: ResolvedTraining,
    shape: Shape,
    emit: Callable[[Event], None],
    field: str = "",
) -> Networks:
    networks = network_file.load(network)
    found = networks.architecture
    if (found.resolution, found.num_channels) != (shape.resolution, shape.channels):
        raise Poison(
            f"{field}{name} draws {found.resolution} px in {found.num_channels} "
            f"channels, and the data set has {shape.resolution} px in {shape.channels}"
        )
    emit(StartFrom(file=name))
    if found.label_size == shape.classes:
        return networks
    if found.label_size:
        raise Poison(f"{field}{name} knows {found.label_size} classes, and the data set has {shape.classes}")
    emit(ClassesAdded(file=name, classes=shape.classes))
    return with_labels(networks, shape.classes, settings.seed)
