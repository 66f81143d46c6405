"""All fingerprints of one run, in the order of their arrival, and what has been decided about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.deduper.grouping import Grouping, Rank
from services.deduper.hamming_index import HammingIndex
from services.deduper.likeness import PRINT, likeness, print_of
from shared.contract.messages import ImageFingerprinted
from shared.contract.reasons import Reason
from shared.recipe.duplicates import Duplicates


@dataclass(frozen=True)
class EntryDecision:
    """The decision about an entry: kept when `by` is None, else superseded by another entry's image."""

    entry: str
    image: str
    by: str | None
    reason: Reason | None


_BYTES = 480
"""Bytes of memory per entry, measured at 10,000."""


class RunIndex:
    """Index of the fingerprints of one run, with the decisions about them."""

    def __init__(self, settings: Duplicates) -> None:
        self._settings = settings
        self._entries: list[str] = []
        self._prints = np.empty(256, PRINT)
        self._hashes = HammingIndex()
        self._mirrored = HammingIndex()
        self._groups = Grouping(self._duplicates)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def memory(self) -> int:
        """Bytes of memory that the index takes, roughly."""
        return _BYTES * len(self._entries)

    def add(self, found: ImageFingerprinted) -> list[EntryDecision]:
        """Take in the next arrival (counted from 1); return all decisions that it brings or changes."""
        number = len(self._entries)
        self._entries.append(found.entry)
        if number == len(self._prints):
            self._prints = np.resize(self._prints, 2 * number)
        self._prints[number] = print_of(found)
        self._hashes.add(self._prints[number]["phash"])
        self._mirrored.add(self._prints[number]["mirrored_phash"])
        changed = self._groups.add(rank(found))
        return [self._decision(picture, reason) for picture, reason in changed.items()]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that the index knows, as arrays with one element for each entry, in the order of arrival."""
        ranks = self._groups.ranks
        keeper = [-1 if number is None else number for number in self._groups.keeper]
        return {
            "entries": np.array(self._entries, "S20"),
            "prints": self._prints[: len(self._entries)],
            "pixels": np.array([-rank[0] for rank in ranks], np.int64),
            "lossless": np.array([not rank[1] for rank in ranks], np.bool_),
            "scores": np.array([-rank[2] for rank in ranks], np.int64),
            "keeper": np.array(keeper, np.int64),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Know what another index of the same settings knew (`state`). Raises `ValueError` for what is no state."""
        prints, keeper = state["prints"], state["keeper"].tolist()
        lengths = {len(state[name]) for name in ("entries", "prints", "pixels", "lossless", "scores", "keeper")}
        if len(lengths) != 1 or prints.dtype != PRINT or not all(-1 <= number < len(prints) for number in keeper):
            raise ValueError("no state of an index")
        self._entries = [entry.decode() for entry in state["entries"].tolist()]
        self._prints = np.resize(prints, max(256, len(prints)))
        self._hashes.restore(prints["phash"])
        self._mirrored.restore(prints["mirrored_phash"])
        images = [bytes(image).hex() for image in prints["image"]]
        columns = zip(state["pixels"].tolist(), state["lossless"].tolist(), state["scores"].tolist(), strict=True)
        ranks: list[Rank] = [
            (-pixels, not lossless, -score, image, entry)
            for (pixels, lossless, score), image, entry in zip(columns, images, self._entries, strict=True)
        ]
        self._groups.restore(ranks, [None if number < 0 else number for number in keeper])

    def _decision(self, picture: int, reason: Reason | None) -> EntryDecision:
        keeper = self._groups.keeper[picture]
        by = None if keeper is None or keeper == picture else self._image(keeper)
        return EntryDecision(self._entries[picture], self._image(picture), by, reason)

    def _image(self, picture: int) -> str:
        return bytes(self._prints[picture]["image"]).hex()

    def _duplicates(self, picture: int) -> dict[int, Reason]:
        one = self._prints[picture]
        candidates = self._candidates(one)
        candidates = candidates[candidates != picture]
        if not candidates.size:
            return {}
        reasons = likeness(one, self._prints[candidates], self._settings)
        return {int(other): reason for other, reason in zip(candidates, reasons, strict=True) if reason is not None}

    def _candidates(self, one: np.void) -> NDArray[np.intp]:
        """Return the numbers of all pictures near `one` by phash, straight or mirrored, each once."""
        found = [self._hashes.within(one["phash"], self._settings.bits)]
        if self._settings.mirrored:
            found.append(self._hashes.within(one["mirrored_phash"], self._settings.bits))
            found.append(self._mirrored.within(one["phash"], self._settings.bits))
        return np.unique(np.concatenate(found))


def rank(found: ImageFingerprinted) -> Rank:
    """Return a key that sorts the best first: most pixels, lossless, the source's score; the rest settles ties."""
    return (-found.width * found.height, not found.lossless, -found.score, found.image, found.entry)
