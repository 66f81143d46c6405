"""A run with some pictures of one face each, and the two stages of the packer at work on it."""

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from services.tfrecord_packer.bookkeeping import Bookkeeping
from services.tfrecord_packer.stage import TfrecordPacker
from shared.contract import keys
from shared.contract.messages import (
    DatasetDue,
    DatasetPacked,
    FaceNormalized,
    FacesCounted,
    ImageKept,
    Message,
    Stamp,
)
from shared.contract.owner import Received
from shared.contract.stage import Context
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, note, tally_of

IMAGE = "0b" * 32
SIZE = 64

Fact = tuple[str, Message]
"""A message and the stage that publishes it."""


class PackingRun:
    """A run of `pictures` pictures, found at `origins`."""

    def __init__(
        self,
        store: FolderStore,
        folder: Path,
        pictures: int = 2,
        origins: list[str] | None = None,
        tags: list[list[str]] | None = None,
        **sections: dict[str, Any],
    ) -> None:
        once = {"faces": False}  # no second pass
        fields = {"normalized": {"size": SIZE}, "training": {"kimg": 0}, "duplicates": once, **sections}
        recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": folder}], **fields})
        self.store = store
        self.run = open_run(store, recipe).name
        self.account = Bookkeeping().settings(recipe)
        self.settings, self.context = TfrecordPacker().settings(recipe), Context(store)
        origins = origins or [f"{number}.png" for number in range(pictures)]
        self.entries = [f"{number:020x}" for number in range(len(origins))]
        found = {}
        for number, origin in enumerate(origins):
            provenance = {"source": "folder", "origin": origin, "tags": tags[number] if tags else None}
            about = {"origin": origin, "score": 0, "image": image(number), "provenance": provenance}
            found[self.entries[number]] = about
        self.exhausted: Fact = ("scraper", list_entries(store, self.run, found))

    def facts(self, number: int) -> list[Fact]:
        """All that is said of a picture whose only face is ready."""
        about = {"run": self.run, "entry": self.entries[number], "image": image(number)}
        return [
            ("deduper", ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1})),
            ("face-detector", FacesCounted.model_validate(about | {"faces": 1})),
            ("normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": self.picture(number)})),
        ]

    def picture(self, number: int) -> str:
        """Put a picture of the data set into the store, painted with its number."""
        digest = f"{number:064x}"
        buffer = io.BytesIO()
        Image.new("RGB", (SIZE, SIZE), (number, 2 * number, 3 * number)).save(buffer, "PNG")
        self.store.put_new(keys.normalized(digest), buffer.getvalue())
        return digest

    def note(self, *numbers: int) -> None:
        """Write into the journal all that is said of these pictures."""
        for number in numbers:
            for stage, message in self.facts(number):
                note(self.store, stage, message)

    def keep(self, owner: Bookkeeping, facts: Iterable[Fact], epoch: int = 0) -> list[Message]:
        """Have the ledger's owner take facts as one batch; return what it asks for."""
        batch = [Received.of(message, Stamp(stage=stage, at="now")) for stage, message in facts]
        return list(owner.process_batch(self.run, batch, self.account, replace(self.context, epoch=epoch)))

    def pack(self) -> list[Message]:
        """Have the data set packed as the ledger has it; return what is told of it."""
        due = DatasetDue(run=self.run, changes=tally_of(self.store, self.run).changes)
        return list(TfrecordPacker().process(due, self.settings, self.context))

    def packed(self) -> DatasetPacked:
        """Have the data set packed, of which nothing else is to be told."""
        (packed,) = self.pack()
        assert isinstance(packed, DatasetPacked)
        return packed

    def go_on(self, owner: Bookkeeping, facts: Iterable[Fact], epoch: int = 0) -> list[Message]:
        """Have facts taken and the data set packed whenever it is due; return all that is told of it."""
        published: list[Message] = []
        due = self.keep(owner, facts, epoch)
        while due:
            made = self.pack()
            published += made
            due = self.keep(owner, [("tfrecord-packer", message) for message in made], epoch)
        return published


def image(number: int) -> str:
    """Return the digest of an original."""
    return f"{number:x}" + IMAGE[1:]
