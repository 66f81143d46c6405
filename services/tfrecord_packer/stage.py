"""Keeps the tally of a run; when every picture is settled, packs the data set."""

import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.tfrecord_packer.declaration import TFRECORD_PACKER
from services.tfrecord_packer.events import ClassesWithoutPictures
from services.tfrecord_packer.labelling import Labelled, labelled
from services.tfrecord_packer.manifest import Member, dataset_digest, manifest, member_name
from services.tfrecord_packer.packing import PictureShape, pack
from services.tfrecord_packer.places import RunPlaces
from shared.contract import keys
from shared.contract.errors import Poison, storage_error
from shared.contract.facts import FaceFact
from shared.contract.items import WholeRun
from shared.contract.messages import (
    DatasetPacked,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    ImageSuperseded,
    Message,
    SourceExhausted,
)
from shared.contract.reasons import Reason
from shared.contract.stage import Context, Objects, Stage
from shared.ledger.recent_runs import RecentRuns
from shared.ledger.records import facts, provenance_keys, read_provenance
from shared.ledger.tally import Tally
from shared.ledger.trail import label_of
from shared.recipe.labels import Labels
from shared.recipe.recipe import Recipe
from shared.stylegan2.errors import StyleGAN2Error
from shared.stylegan2.labels_file import encode_labels, labels_file_name, one_hot

MOST_BYTES = 512 * 2**20
"""Memory for the tallies together; one that has left it is recalled from its run's trail when it is needed."""

TELLERS: dict[type[Message], str] = {
    ImageKept: "deduper",
    ImageSuperseded: "deduper",
    FacesCounted: "face-detector",
    FaceNormalized: "normalizer",
}
"""The stages that tell of what does not say by itself who tells of it."""


@dataclass(frozen=True)
class Packing:
    """Settings that decide about a run's data set; `size` is the pictures', in pixels."""

    sources: int
    size: int
    labels: Labels


@dataclass
class _RunState:
    """A run's tally, the number of entries of each listed source, and whether anything has changed since packing.

    It holds for one session with the bus: between two of them another packer may have counted on.
    """

    session: int
    tally: Tally = field(default_factory=Tally)
    listed: dict[int, int] = field(default_factory=dict)
    changed: bool = True


class TfrecordPacker(Stage[Message, Packing]):
    """Facts about every picture in; `DatasetPacked` out, once all are settled.

    Of a data set with classes, `ImageDropped` too: for pictures that are of none, if the recipe says so.
    """

    declaration = TFRECORD_PACKER

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._runs = RecentRuns[_RunState](most_bytes, lambda state: state.tally.memory)

    def settings(self, recipe: Recipe) -> Packing:
        return Packing(len(recipe.sources), recipe.normalized.size, recipe.labels)

    def process(self, message: Message, settings: Packing, context: Context) -> Iterator[Message]:
        if isinstance(message, SourceExhausted):
            self._runs.take(message.run)  # told once per source, and by whoever resumes a run: look at the trail
        state = self._state(message.run, settings, context)
        self._note(state, message)
        if state.changed and _is_complete(message.run, state, settings, context):
            try:
                yield from self._pack(message.run, state, settings, context)
            except (Poison, StyleGAN2Error):
                state.changed = False  # or the news of the failure would lead to the next
                if message.item == WholeRun():
                    raise
                # The run has failed, not the picture that came last: to be found out by a message about the run.
                yield SourceExhausted(run=message.run, source=0, count=state.listed[0])
            state.changed = False

    def _state(self, run: str, settings: Packing, context: Context) -> _RunState:
        state = self._runs.take(run)
        if state is None or state.session != context.session:
            state = _recall(run, settings, context)
        self._runs.keep(run, state)
        return state

    def _note(self, state: _RunState, message: Message) -> None:
        if isinstance(message, SourceExhausted):
            state.changed |= state.listed.get(message.source) != message.count
            state.listed[message.source] = message.count
        else:
            state.changed |= state.tally.add(message.fact(TELLERS.get(type(message), "")))

    def _pack(self, run: str, state: _RunState, settings: Packing, context: Context) -> Iterator[Message]:
        found = _normalized(run, state.tally, context.store)
        classes: tuple[str, ...] = ()
        if found and settings.labels.asked:
            with_labels = _labelled(run, found, state.tally, settings.labels, context)
            yield from self._drop(with_labels.classless, run, state)
            found, classes = list(with_labels.members), with_labels.classes
        members = _distinct(found)
        if not members:
            return
        digest = dataset_digest(settings.size, list(members.values()), classes)
        if not context.store.exists(keys.dataset(digest, keys.MANIFEST)):
            _write(digest, members, classes, settings.size, context)
        yield DatasetPacked(run=run, version=_version(run, digest, context.store), digest=digest)

    def _drop(self, entries: Iterable[str], run: str, state: _RunState) -> Iterator[ImageDropped]:
        for entry in entries:
            dropped = ImageDropped(
                run=run,
                entry=entry,
                revision=state.tally.revision(entry),
                stage=self.name,
                reason=Reason.UNLABELLED,
                detail="it is of no class",
            )
            self._note(state, dropped)  # now, so that it is no news when it comes back
            yield dropped


STAGES = (TfrecordPacker,)


def _recall(run: str, settings: Packing, context: Context) -> _RunState:
    """Rebuild a run's state from its trail, which holds every fact that was ever published."""
    state = _RunState(context.session)
    for fact in facts(context.store, run):
        state.tally.add(fact)
    for source in range(settings.sources):
        if context.store.exists(keys.listing(run, source)):
            state.listed[source] = len(_entries(run, source, context.store))
    return state


def _is_complete(run: str, state: _RunState, settings: Packing, context: Context) -> bool:
    """Return whether all entries are settled: those listed, and those fetched that have left their folder since."""
    sources = range(settings.sources)
    if len(state.listed) < len(sources) or not state.tally.is_complete(sum(state.listed.values())):
        return False
    known = set(state.tally.entries())
    return all(known.issuperset(_entries(run, source, context.store)) for source in sources)


def _entries(run: str, source: int, store: Objects) -> list[str]:
    entries: list[str] = list(json.loads(store.get(keys.listing(run, source)))["entries"])
    return entries


def _normalized(run: str, tally: Tally, store: Objects) -> list[Member]:
    """Return a member for every normalised face, also where two are equal."""
    found = []
    for entry, face, revision in sorted(tally.members()):
        fact = FaceFact(entry, face, FaceNormalized.kind(), TELLERS[FaceNormalized], revision)
        told: dict[str, Any] = json.loads(store.get(keys.trail(run, f"{entry}.{face}", label_of(fact))))
        found.append(Member(member_name(told["image"], face), told["picture"], told["image"], entry, face))
    return found


def _distinct(members: Iterable[Member]) -> dict[str, Member]:
    """Return members by name, of those with the same picture the first only."""
    pictures: dict[str, Member] = {}
    for member in members:
        pictures.setdefault(member.picture, member)
    return {member.name: member for member in pictures.values()}


def _labelled(run: str, found: list[Member], tally: Tally, rules: Labels, context: Context) -> Labelled:
    places = RunPlaces(run, tally.entries(), context.store)
    with_labels = labelled(found, lambda member: places.of(member.image), rules)
    if with_labels.without_pictures:
        context.emit(ClassesWithoutPictures(classes=", ".join(with_labels.without_pictures)))
    return with_labels


def _provenance(image: str, store: Objects) -> list[dict[str, Any]]:
    return [read_provenance(store, key) for key in sorted(provenance_keys(store, image))]


def _write(
    digest: str, members: dict[str, Member], classes: tuple[str, ...], resolution: int, context: Context
) -> None:
    """Put all files of the data set into the store, the manifest last."""
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
    ordered = [members[name] for name in packed.order]
    if classes:
        labels = one_hot([classes.index(str(member.label)) for member in ordered], len(classes))
        store.put(keys.dataset(digest, labels_file_name(directory.name)), encode_labels(labels))
    listed = manifest(digest, resolution, ordered, lambda member: _provenance(member.image, store), classes)
    store.put(keys.dataset(digest, keys.MANIFEST), listed)


def _version(run: str, digest: str, store: Objects) -> int:
    """Return the run's version number for a data set: the one that it has already, otherwise the next, now taken."""
    version = 1
    while True:
        key = keys.dataset_version(run, version)
        if store.put_new(key, json.dumps({"digest": digest}).encode()):
            return version
        if json.loads(store.get(key))["digest"] == digest:
            return version
        version += 1
