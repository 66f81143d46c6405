"""Finds the pictures that have many rare words in common with another one, among many."""

import numpy as np
from numpy.typing import NDArray

from services.deduper.words import Words

RARE, RARE_SHARE = 64, 1 / 64
"""Pictures that may have a word before it says nothing any more, and the share of all pictures if that is more: corners
of plain shapes look the same everywhere."""

_AS_MANY = 33
"""Pictures without a word that are counted in: among a few pictures, most words are rare by chance."""

_SHIFT = np.uint64(32)
_ONE = np.uint64(1)
_NONE = np.empty(0, np.intp)

Postings = NDArray[np.uint64]
"""Words and pictures, `word << 32 | picture`, ascending."""


class WordIndex:
    """The words of pictures, which are told apart by their number, counted from 0.

    Postings lie in sorted runs, each at least twice as long as the next, which are merged as pictures are added.
    """

    def __init__(self) -> None:
        self._runs: list[Postings] = []
        self._size = 0

    @property
    def memory(self) -> int:
        """Bytes of all postings."""
        return sum(run.nbytes for run in self._runs)

    def add(self, words: Words) -> None:
        """Append the next picture."""
        run = (words.astype(np.uint64) << _SHIFT) | np.uint64(self._size)
        self._size += 1
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        if len(run):
            self._runs.append(run)

    def common(self, words: Words) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the pictures that share rare words with these, and how much these words say, in bits.

        A word that one of 1000 pictures has says ten bits, as usual in text retrieval (K. Spärck Jones, 1972). They are
        rounded, so that sums do not depend on the order.
        """
        first = words.astype(np.uint64) << _SHIFT
        spans = [(np.searchsorted(run, first), np.searchsorted(run, first + (_ONE << _SHIFT))) for run in self._runs]
        owners = np.sum([end - begin for begin, end in spans], axis=0) if spans else np.zeros(len(words), np.intp)
        rare = (owners > 0) & (owners <= max(RARE, RARE_SHARE * self._size))
        bits = np.round(100 * np.log2((self._size + _AS_MANY) / owners[rare]))
        found = [_pictures(run, begin[rare], end[rare]) for run, (begin, end) in zip(self._runs, spans, strict=True)]
        said = [np.repeat(bits, (end - begin)[rare]) for begin, end in spans]
        total = np.bincount(np.concatenate([_NONE, *found]), np.concatenate([np.empty(0), *said]))
        pictures = np.flatnonzero(total)
        return pictures, total[pictures] / 100

    def state(self) -> Postings:
        """Return all postings as one run."""
        return np.sort(np.concatenate([np.empty(0, np.uint64), *self._runs]))

    def restore(self, postings: Postings, size: int) -> None:
        """Hold these postings, of `size` pictures, and no others."""
        self._runs, self._size = ([postings] if len(postings) else []), size


def _pictures(run: Postings, begins: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the pictures of several spans of a run, one after the other."""
    lengths = ends - begins
    starts = np.repeat(begins - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    found = run[np.arange(len(starts)) + starts] & np.uint64(0xFFFFFFFF)
    return np.asarray(found, np.intp)
