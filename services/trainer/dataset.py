"""The pictures of a data set and their labels, as a training takes them."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from services.trainer.data import indices, split
from shared.stylegan2.labels_file import LabelArray
from shared.stylegan2.picture_set import PictureSet, Selection

FEWEST_HELD_OUT = 4
"""With fewer, or fewer left to train on, nothing is held out: D compares pictures in groups of four."""

_MOST_SCORED = 64  # training and held-out pictures, each, that D scores at each tick


class Shown(Protocol):
    """The source of minibatches: the pictures themselves, or a copy of them on the device."""

    def __getitem__(self, indices: NDArray[np.intp], /) -> Any: ...


class Minibatch(NamedTuple):
    """uint8 pictures [N, R, R, C], an array or on the device, and one-hot labels [N, classes]."""

    pictures: Any
    labels: LabelArray


class Dataset:
    """Pictures in the order of training, some of them held out, all with their labels (no columns without any).

    Minibatches are of `shown`, if it is another than `pictures`.
    """

    def __init__(
        self, pictures: PictureSet, labels: LabelArray | None, places: "Split", seed: int, shown: Shown | None = None
    ) -> None:
        self._pictures = pictures
        self._shown = pictures if shown is None else shown
        self._labels = np.zeros((len(pictures), 0), np.float32) if labels is None else labels
        self._places = places
        self._seed = seed

    @property
    def classes(self) -> int:
        """Return the number of classes; 0 without labels."""
        return int(self._labels.shape[1])

    @property
    def seen(self) -> Selection:
        """Return the pictures that are trained on."""
        return Selection(self._pictures, self._places.seen)

    def __len__(self) -> int:
        return len(self._places.seen)

    def minibatch(self, position: int, count: int) -> Minibatch:
        """Return pictures `position` to `position + count` of the endless sequence of those that are trained on."""
        return self._at(self._places.seen[indices(len(self), self._seed, position, count)])

    def seen_and_held_out(self, minibatch: int) -> tuple[Minibatch, Minibatch] | None:
        """Return equally many training and held-out pictures, in whole minibatches; None if none are held out.

        Where they are not whole minibatches both are repeated alike, so that D sees both in like company.
        """
        count = min(len(self._places.held_out), len(self), _MOST_SCORED)
        if not count:
            return None
        repeated = np.arange(-(-count // minibatch) * minibatch) % count
        return self._at(self._places.seen[repeated]), self._at(self._places.held_out[repeated])

    def _at(self, places: NDArray[np.intp]) -> Minibatch:
        return Minibatch(self._shown[places], self._labels[places])


class Split(NamedTuple):
    """Indices in a data set of the pictures that are trained on, and of those that are held out."""

    seen: NDArray[np.intp]
    held_out: NDArray[np.intp]

    @classmethod
    def of(cls, checksums: list[int], share: float) -> "Split":
        """Hold out a share by the pictures' checksums; none if that would be too few, or leave too few."""
        seen, held_out = split(checksums, share)
        if min(len(seen), len(held_out)) < FEWEST_HELD_OUT:
            return cls(np.arange(len(checksums)), held_out[:0])
        return cls(seen, held_out)
