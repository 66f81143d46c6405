"""Asks a network about pictures: D scores them and finds features of them, and G draws others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.ranker import scoring
from services.ranker.looks import Rows
from services.ranker.scoring import Chosen, Logits, Rule, Scores
from shared.contract.errors import Poison
from shared.contract.objects import Objects
from shared.runs import datasets, manifests
from shared.stylegan2 import network_file
from shared.stylegan2.errors import StyleGAN2Error
from shared.stylegan2.grid import PictureArray
from shared.stylegan2.labels_file import LabelArray
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.weights import Networks

Step = Callable[[int, int], object]
"""Is told how many steps are done, and of how many; raises to stop."""


class ChosenPictures:
    """Some pictures of a data set, by their places among these."""

    def __init__(self, pictures: PictureFile, places: Sequence[int]) -> None:
        self._pictures, self._places = pictures, np.array(places, np.intp)
        self.resolution, self.channels = pictures.resolution, pictures.channels

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, indices: Chosen) -> PictureArray:
        """Return copies of the pictures at `indices`, uint8 [n, H, W, C]."""
        return self._pictures[self._places[indices]]


@dataclass(frozen=True)
class RankedSet:
    """The pictures of a data set that are ranked, what its manifest says of them, and their classes.

    Altered copies of pictures are left out: they go where their sources go, and would make these look usual. `labels`
    are one-hot float32 [pictures, classes]; None without any.
    """

    name: str
    pictures: ChosenPictures
    members: Sequence[Mapping[str, Any]]
    labels: LabelArray | None

    @classmethod
    def open(cls, store: Objects, dataset: str) -> "RankedSet":
        """Open a data set in the store. Raises Poison where it is not whole."""
        pictures, members = datasets.open_pictures(store, dataset), manifests.members(store, dataset)
        if len(members) != len(pictures):
            raise Poison(f"the data set has {len(pictures)} pictures, and its manifest {len(members)}")
        places = [place for place, member in enumerate(members) if "derived" not in member]
        labels = datasets.open_labels(store, dataset)
        chosen = [members[place] for place in places]
        return cls(
            dataset[:20], ChosenPictures(pictures, places), chosen, None if labels is None else labels[np.array(places)]
        )


@dataclass(frozen=True)
class Fakes:
    """Pictures that a network has drawn, uint8 [n, H, W, C], and their classes, one-hot; None without any."""

    pictures: PictureArray
    labels: LabelArray | None


class Judge:
    """The networks in a file, asked about the pictures of a data set. Raises Poison where they do not fit these."""

    def __init__(self, name: str, data: bytes, ranked: RankedSet) -> None:
        from shared.stylegan2.inference import Discriminator  # loads TensorFlow

        self._networks, self._pictures = _fitting(name, data, ranked), ranked.pictures
        self._labels = ranked.labels if self._networks.architecture.label_size else None
        self._discriminator = Discriminator(self._networks.architecture, self._networks.D)

    def scores(self, shuffles: int, seed: int, step: Step) -> Scores:
        """Score every picture `shuffles` times in other company."""

        def scored(chosen: Chosen) -> Logits:
            labels = None if self._labels is None else self._labels[chosen]
            return self._discriminator.scores(self._pictures[chosen], labels)

        return self._scored(scored, len(self._pictures), shuffles, seed, step)

    def features(self, step: Step) -> Rows:
        """Return D's features of every picture, [n, features]: those of each quarter."""
        count, size = len(self._pictures), scoring.minibatch(len(self._pictures), 1, self._pictures.resolution)
        found = []
        for start in range(0, count, size):
            step(start, count)
            chosen = np.arange(start, min(start + size, count))
            found.append(quarters(self._discriminator.features(self._pictures[chosen])))
        return np.concatenate(found)

    def fakes(self, count: int, step: Step) -> Fakes:
        """Draw pictures by Gs without truncation, of the latents of the seeds 0, 1, ... as `magritte draw` has them.

        Of a network that knows classes each class is drawn as often as it occurs in the data set.
        """
        from shared.stylegan2.grid import to_uint8
        from shared.stylegan2.inference import Generator, latents

        architecture = self._networks.architecture
        generator, z = Generator(architecture, self._networks.Gs), latents(range(count), architecture.z_size)
        classes = np.arange(count) * len(self._pictures) // count
        labels = None if self._labels is None else self._labels[classes]
        size, drawn = scoring.minibatch(count, 1, architecture.resolution), []
        for start in range(0, count, size):
            step(start, count)
            part = slice(start, start + size)
            drawn.append(
                to_uint8(generator.pictures(z[part], None if labels is None else labels[part], minibatch=size))
            )
        return Fakes(np.concatenate(drawn), labels)

    def scores_of_fakes(self, fakes: Fakes, shuffles: int, seed: int, step: Step) -> Scores:
        """Score every fake `shuffles` times in the company of other fakes."""

        def scored(chosen: Chosen) -> Logits:
            labels = None if fakes.labels is None else fakes.labels[chosen]
            return self._discriminator.scores(fakes.pictures[chosen], labels)

        return self._scored(scored, len(fakes.pictures), shuffles, seed, step)

    def _scored(self, discriminator: scoring.Discriminator, count: int, shuffles: int, seed: int, step: Step) -> Scores:
        architecture = self._networks.architecture
        rule = Rule(scoring.minibatch(count, architecture.mbstd_group_size, architecture.resolution), shuffles, seed)
        done, total = 0, shuffles * -(-count // rule.minibatch)

        def counted(chosen: Chosen) -> Logits:
            nonlocal done
            step(done, total)
            done += 1
            return discriminator(chosen)

        return scoring.score(count, counted, rule)


def quarters(maps: Rows) -> Rows:
    """Return the means of maps [n, 4, 4, maps] over the quarters of each picture, [n, 4 * maps].

    They tell strangers apart as well as all sixteen places do (measured), and 60,000 pictures take 0.5 GB, not 2.
    """
    return np.asarray(maps.reshape(len(maps), 2, 2, 2, 2, -1).mean(axis=(2, 4)).reshape(len(maps), -1), np.float32)


def _fitting(name: str, data: bytes, ranked: RankedSet) -> Networks:
    try:
        networks = network_file.load(data)
    except StyleGAN2Error as error:
        raise Poison(f"{name}: {error}") from error
    found, pictures = networks.architecture, ranked.pictures
    if (found.resolution, found.num_channels) != (pictures.resolution, pictures.channels):
        raise Poison(
            f"{name} takes {found.resolution} px in {found.num_channels} channels, and the data set {ranked.name} has "
            f"{pictures.resolution} px in {pictures.channels}"
        )
    classes = 0 if ranked.labels is None else ranked.labels.shape[1]
    if found.label_size not in (0, classes):
        raise Poison(f"{name} knows {found.label_size} classes, and the data set {ranked.name} has {classes}")
    return networks
