"""The networks that a training starts from: fresh ones of the recipe's sizes, or those of a network file."""

from collections.abc import Callable

from shared.errors import Poison
from shared.recipe import Training
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.hyperparameters import Hyperparameters
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.weights import Networks


def starting_networks(settings: Training, pictures: PictureFile, say: Callable[..., None]) -> Networks:
    """Networks for pictures of this shape; a file's are taken as they are, whatever sizes the recipe has.

    Raises Poison when they cannot be trained on the pictures, or with minibatches of the recipe's size.
    """
    networks = _of_file(settings, pictures, say) if settings.start_from else _fresh(settings, pictures)
    group = min(networks.architecture.mbstd_group_size, settings.minibatch)
    if settings.minibatch % group:
        raise Poison(f"training.minibatch is {settings.minibatch} and must be a multiple of {group}, or less")
    return networks


def hyperparameters(settings: Training) -> Hyperparameters:
    """The recipe's settings; what it does not mention has the official values."""
    return Hyperparameters(
        minibatch=settings.minibatch,
        learning_rate=settings.learning_rate,
        gamma=settings.r1_gamma,
        ema_kimg=settings.ema_kimg,
        mirror=settings.mirror,
    )


def _fresh(settings: Training, pictures: PictureFile) -> Networks:
    try:
        architecture = Architecture(
            pictures.resolution,
            pictures.channels,
            fmap_base=settings.fmap_base,
            fmap_max=settings.fmap_max,
            z_size=settings.latent_size,
            w_size=settings.latent_size,
            mapping_fmaps=settings.latent_size,
            mapping_layers=settings.mapping_layers,
        )
    except ValueError as error:
        raise Poison(f"there are no such networks: {error}") from error
    return Networks.fresh(architecture, settings.seed)


def _of_file(settings: Training, pictures: PictureFile, say: Callable[..., None]) -> Networks:
    assert settings.start_from is not None
    networks = network_file.load(settings.start_from.read_bytes())
    found = networks.architecture
    if (found.resolution, found.num_channels) != (pictures.resolution, pictures.channels):
        raise Poison(
            f"training.start_from: {settings.start_from.name} draws {found.resolution} px in {found.num_channels} "
            f"channels, and the data set has {pictures.resolution} px in {pictures.channels}"
        )
    if found.label_size:
        raise Poison(f"training.start_from: {settings.start_from.name} wants labels, which the data set has not")
    say("start-from", file=settings.start_from.name, sizes="those of the file; the recipe's are not used")
    return networks
