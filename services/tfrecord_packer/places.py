"""Where the pictures of a run were found, as far as the store tells: each at its own places, then its worse copies."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from shared.contract import keys
from shared.contract.facts import ImageFact
from shared.contract.messages import ImageKept, ImageSuperseded
from shared.contract.stage import Objects
from shared.ledger.records import facts, provenance_keys, read_provenance
from shared.ledger.trail import label_of


class RunPlaces:
    """The places of pictures, of this run alone: where another run found a picture tells nothing of this one's folders.

    `entries` are all of the run.
    """

    def __init__(self, run: str, entries: Iterable[str], store: Objects) -> None:
        self._entries = set(entries)
        self._copies = _copies(run, store)
        self._store = store

    def of(self, image: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the provenance records of an image, then of each of those that it superseded, by their digests."""
        yield self._records(image)
        for copy in sorted(self._copies[image] - {image}):
            yield self._records(copy)

    def _records(self, image: str) -> list[dict[str, Any]]:
        prefix = keys.provenance(image)
        found = sorted(provenance_keys(self._store, image))
        own = (key for key in found if key.removeprefix(prefix).removesuffix(".json") in self._entries)
        return [read_provenance(self._store, key) for key in own]


def _copies(run: str, store: Objects) -> defaultdict[str, set[str]]:
    """Return the images that each kept image supersedes in a run, by the kept image's digest."""
    judged: dict[str, ImageFact] = {}
    for fact in facts(store, run):
        if isinstance(fact, ImageFact) and fact.kind in (ImageKept.kind(), ImageSuperseded.kind()):
            judged[fact.entry] = max(judged.get(fact.entry, fact), fact, key=lambda fact: fact.revision)
    copies: defaultdict[str, set[str]] = defaultdict(set)
    for entry, fact in judged.items():
        if fact.kind == ImageSuperseded.kind():
            told = json.loads(store.get(keys.trail(run, entry, label_of(fact))))
            copies[told["by"]].add(told["image"])
    return copies
