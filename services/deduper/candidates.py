"""Finds the pictures that are worth looking at beside a new one: a wide net, since each is then looked at."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.deduper.hamming_index import HammingIndex
from services.deduper.word_index import WordIndex
from services.deduper.words import Words, decoded
from shared.contract.messages import ImageFingerprinted

BITS, MIRRORED_BITS = 8, 12
"""Bits of phash in which candidates differ at most. Words find what differs in more; of a mirror image there are
none, and 99 of 100 lie within 4 bits."""

LEAST_SAID, MOST_BY_WORDS = 40.0, 4
"""Bits that the words in common say at least (`WordIndex.common`), and how many pictures with the most are taken. Of
altered copies of 50 of 5000 pictures, put together of real ones, the original is among these for 98 of 100, and another
picture for 4 of 10 that have no copy."""


class Near(NamedTuple):
    """Numbers of pictures to look at beside a new one, as it is and as its mirror image, each ascending."""

    straight: list[int]
    mirrored: list[int]


class Candidates:
    """The hashes and words of pictures, in the order of their arrival."""

    def __init__(self) -> None:
        self._hashes, self._mirrored, self._words = HammingIndex(), HammingIndex(), WordIndex()

    @property
    def memory(self) -> int:
        """Bytes of memory of the words, which take the most."""
        return self._words.memory

    def add(self, found: ImageFingerprinted) -> Near:
        """Take in the next picture and return earlier ones to look at."""
        straight, other_way = np.uint64(int(found.phash, 16)), np.uint64(int(found.mirrored_phash, 16))
        words = decoded(found.words)
        near = Near(
            _united(self._hashes.within(straight, BITS), self._sharing(words)),
            _united(self._hashes.within(other_way, MIRRORED_BITS), self._mirrored.within(straight, MIRRORED_BITS)),
        )
        self._hashes.add(straight)
        self._mirrored.add(other_way)
        self._words.add(words)
        return near

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that is known, as arrays."""
        return {"phash": self._hashes.state(), "mirrored_phash": self._mirrored.state(), "words": self._words.state()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Know what `state` was made of."""
        self._hashes.restore(state["phash"])
        self._mirrored.restore(state["mirrored_phash"])
        self._words.restore(state["words"], len(state["phash"]))

    def _sharing(self, words: Words) -> NDArray[np.intp]:
        pictures, said = self._words.common(words)
        most = np.argsort(-said, kind="stable")[:MOST_BY_WORDS]
        return pictures[most[said[most] >= LEAST_SAID]]


def _united(*numbers: NDArray[np.intp]) -> list[int]:
    return [int(number) for number in np.unique(np.concatenate(numbers))]
