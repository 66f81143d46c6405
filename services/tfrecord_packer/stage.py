"""Keeps the tally of a run; when every picture is settled, packs the data set."""

import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.tfrecord_packer.manifest import Member, dataset_digest, manifest, member_name
from services.tfrecord_packer.packing import PictureShape, pack
from shared import keys
from shared.errors import storage_error
from shared.messages import DatasetPacked, FaceNormalized, Message, SourceExhausted
from shared.pipeline import producer
from shared.stage import Context, Objects, Stage
from shared.tally import Fact, Tally

RUNS_AT_HAND = 4
"""Runs whose tally stays in memory; any other is recalled from its trail when it is needed."""


@dataclass
class _RunState:
    """What is known of a run: the tally, how many entries each listed source has, and what has been packed.

    Known in one session with the bus: between two of them another packer may have counted on.
    """

    session: int
    tally: Tally = field(default_factory=Tally)
    listed: dict[int, int] = field(default_factory=dict)
    changed: bool = True


class TfrecordPacker(Stage[Message]):
    """Facts about every picture in; `DatasetPacked` out, once all are settled."""

    name = "tfrecord-packer"
    version = 1

    def __init__(self) -> None:
        self._runs: dict[str, _RunState] = {}

    def process(self, message: Message, context: Context) -> Iterator[Message]:
        if isinstance(message, SourceExhausted):
            self._runs.pop(message.run, None)  # told once per source, and by whoever resumes a run: look at the trail
        state = self._state(message.run, context)
        self._note(state, message)
        if state.changed and _is_complete(message.run, state, context):
            yield from self._pack(message.run, state, context)
            state.changed = False

    def _state(self, run: str, context: Context) -> _RunState:
        state = self._runs.pop(run, None)
        if state is None or state.session != context.session:
            state = _recall(run, context)
        self._runs[run] = state
        if len(self._runs) > RUNS_AT_HAND:
            del self._runs[next(iter(self._runs))]
        return state

    def _note(self, state: _RunState, message: Message) -> None:
        if isinstance(message, SourceExhausted):
            state.changed |= state.listed.get(message.source) != message.count
            state.listed[message.source] = message.count
        else:
            fact = Fact.of(getattr(message, "stage", None) or producer(type(message)), message)
            state.changed |= state.tally.add(message.item, fact)

    def _pack(self, run: str, state: _RunState, context: Context) -> Iterator[DatasetPacked]:
        resolution = context.recipe.normalized.size
        members = _members(run, state.tally, context.store)
        if not members:
            return
        digest = dataset_digest(resolution, list(members.values()))
        if not context.store.exists(keys.dataset(digest, keys.MANIFEST)):
            _write(digest, resolution, members, context)
        yield DatasetPacked(run=run, version=_version(run, digest, context.store), digest=digest)


def _recall(run: str, context: Context) -> _RunState:
    """What an earlier process knew: the trail holds every fact that was ever published."""
    state = _RunState(context.session)
    for key in context.store.list(keys.trail(run)):
        item, label = keys.parse_trail(key)
        state.tally.add(item, Fact.from_label(label))
    for source in range(len(context.recipe.sources)):
        if context.store.exists(keys.listing(run, source)):
            state.listed[source] = len(_entries(run, source, context.store))
    return state


def _is_complete(run: str, state: _RunState, context: Context) -> bool:
    """Whether all listed entries are settled. What was fetched and has left its folder belongs to the run too."""
    sources = range(len(context.recipe.sources))
    if len(state.listed) < len(sources) or not state.tally.is_complete(sum(state.listed.values())):
        return False
    known = set(state.tally.entries())
    return all(known.issuperset(_entries(run, source, context.store)) for source in sources)


def _entries(run: str, source: int, store: Objects) -> list[str]:
    entries: list[str] = list(json.loads(store.get(keys.listing(run, source)))["entries"])
    return entries


def _members(run: str, tally: Tally, store: Objects) -> dict[str, Member]:
    members: dict[str, Member] = {}
    pictures = set()
    label = Fact(producer(FaceNormalized), FaceNormalized.kind()).label
    for entry, face in sorted(tally.members()):
        found: dict[str, Any] = json.loads(store.get(keys.trail(run, f"{entry}.{face}", label)))
        name = member_name(found["image"], face)
        if found["picture"] in pictures:
            continue
        pictures.add(found["picture"])
        members[name] = Member(name, found["picture"], found["image"], entry, face)
    return members


def _provenance(image: str, store: Objects) -> list[dict[str, Any]]:
    return [json.loads(store.get(key)) for key in sorted(store.list(keys.provenance(image)))]


def _write(digest: str, resolution: int, members: dict[str, Member], context: Context) -> None:
    store = context.store

    def load(name: str) -> NDArray[np.uint8]:
        with Image.open(io.BytesIO(store.get(keys.normalized(members[name].picture)))) as picture:
            return np.asarray(picture)

    with tempfile.TemporaryDirectory(prefix="magritte-") as folder:
        directory = Path(folder, Path(keys.dataset(digest)).name)
        try:
            packed = pack(members, load, directory, PictureShape(resolution), context.threads)
        except OSError as error:
            raise storage_error(error, folder) from error
        for file in packed.files:
            store.put_file(keys.dataset(digest, file.name), file)
    ordered = (members[name] for name in packed.order)
    listed = manifest(digest, resolution, ordered, lambda member: _provenance(member.image, store))
    store.put(keys.dataset(digest, keys.MANIFEST), listed)


def _version(run: str, digest: str, store: Objects) -> int:
    """The run's version that is this data set: the one that it has been before, otherwise the next."""
    version = 1
    while True:
        key = keys.dataset_version(run, version)
        if store.put_new(key, json.dumps({"digest": digest}).encode()):
            return version
        if json.loads(store.get(key))["digest"] == digest:
            return version
        version += 1
