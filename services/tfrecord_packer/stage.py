"""Packs the data set of a run whose pictures are all settled."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.tfrecord_packer.bookkeeping import Bookkeeping
from services.tfrecord_packer.data_card import Subject, data_card, shown_settings
from services.tfrecord_packer.declaration import PACKING
from services.tfrecord_packer.deriving import with_derived
from services.tfrecord_packer.events import ClassesWithoutPictures
from services.tfrecord_packer.gathering import Gathered, RunPlaces, gather
from services.tfrecord_packer.labelling import Labelled, Place, by_tagger, labelled
from services.tfrecord_packer.manifest import Member, dataset_digest, write_manifest
from services.tfrecord_packer.packing import PictureShape, pack, record_order
from services.tfrecord_packer.read_ahead import reading_ahead
from services.tfrecord_packer.stored_picture import decoded
from services.tfrecord_packer.versions import TrainingRules, number_version
from shared.contract import keys
from shared.contract.errors import storage_error
from shared.contract.messages import DatasetDue, DatasetPacked, ImageDropped, Message
from shared.contract.objects import Objects
from shared.contract.reasons import Reason
from shared.contract.stage import Context, Stage
from shared.ledger.ledger import Ledger
from shared.ledger.tally import Tally
from shared.recipe.augmented import Augmented
from shared.recipe.labels import Labels
from shared.recipe.recipe import Recipe
from shared.stylegan2.labels_file import encode_labels, labels_file_name, one_hot


@dataclass(frozen=True)
class Packing:
    """Settings that decide about a run's data set; `size` is the pictures', in pixels.

    `trainings` decide which training each version calls for, `shown` are those that its data card shows.
    """

    character: str
    sources: int
    size: int
    labels: Labels
    augmented: Augmented
    trainings: TrainingRules
    shown: Mapping[str, Any]


@dataclass(frozen=True)
class _Contents:
    """The members of a data set by name, and its classes, none for a data set without."""

    members: dict[str, Member]
    classes: tuple[str, ...] = ()


class TfrecordPacker(Stage[DatasetDue, Packing]):
    """`DatasetDue` in, `DatasetPacked` out.

    Of a data set with classes, `ImageDropped` instead for pictures that are of none, if the recipe says so: then the
    data set is due once more, without them.
    """

    declaration = PACKING

    def settings(self, recipe: Recipe) -> Packing:
        shown = shown_settings(recipe)
        size, rules = recipe.normalized.size, TrainingRules(recipe)
        return Packing(recipe.name, len(recipe.sources), size, recipe.labels, recipe.augmented, rules, shown)

    def process(self, message: DatasetDue, settings: Packing, context: Context) -> Iterator[Message]:
        ledger = Ledger(context.store, message.run)
        book = ledger.book()
        tally = book.tally
        gathered = gather(ledger, tally)
        places = RunPlaces(context.store, message.run, settings.sources, gathered.copies)
        contents = _Contents(_distinct(gathered.members))
        if gathered.members and settings.labels.requested:
            with_labels = _labelled(gathered, places, settings.labels, context)
            if with_labels.classless:
                yield from _drops(message.run, with_labels.classless, tally)
                return
            contents = _Contents(_distinct(with_labels.members), with_labels.classes)
        if contents.members:
            faces = len(contents.members)
            contents = replace(contents, members=with_derived(contents.members, settings.augmented, context))
            digest = _packed(contents, settings.size, places, context)
            version = number_version(message.run, digest, tally.verdicts(), context.store)
            derived = len(contents.members) - faces
            subject = Subject(settings.character, message.run, version, digest, faces, settings.size, derived)
            _put_card(subject, contents, places, tally, settings.shown, context.store)
            due = settings.trainings.due(message.run, version, digest, book.progress.snapshot, context.store)
            yield DatasetPacked(run=message.run, version=version, digest=digest, changes=tally.changes, number=due)


STAGES = (Bookkeeping, TfrecordPacker)


def _drops(run: str, entries: Iterable[str], tally: Tally) -> Iterator[ImageDropped]:
    """Drop the pictures of these entries, whatever stages have made of them so far."""
    for entry in entries:
        yield ImageDropped(
            run=run,
            entry=entry,
            revision=tally.revision(entry),
            stage=PACKING.name,
            reason=Reason.UNLABELLED,
            detail="it is of no class",
        )


def _labelled(gathered: Gathered, places: RunPlaces, rules: Labels, context: Context) -> Labelled:
    def told(member: Member) -> Iterator[Sequence[Place]]:
        yield from places.of(member.image)
        yield [by_tagger(gathered.tags.get(member.image, ()))]

    found = labelled(gathered.members, told, rules)
    if found.without_pictures:
        context.emit(ClassesWithoutPictures(classes=", ".join(found.without_pictures)))
    return found


def _distinct(members: Iterable[Member]) -> dict[str, Member]:
    """Return members by name, of those with the same picture the first only."""
    pictures: dict[str, Member] = {}
    for member in members:
        pictures.setdefault(member.picture, member)
    return {member.name: member for member in pictures.values()}


def _packed(contents: _Contents, size: int, places: RunPlaces, context: Context) -> str:
    """Return the digest of the data set, which lies in the store then."""
    digest = dataset_digest(size, list(contents.members.values()), contents.classes)
    if not context.store.exists(keys.dataset(digest, keys.MANIFEST)):
        _write(digest, contents, PictureShape(size), places, context)
    return digest


def _write(digest: str, contents: _Contents, shape: PictureShape, places: RunPlaces, context: Context) -> None:
    """Put all files of the data set into the store, the manifest last."""
    store, pictures = context.store, {name: keys.normalized(each.picture) for name, each in contents.members.items()}
    in_order = (pictures[name] for name in record_order(pictures))
    with (
        tempfile.TemporaryDirectory(prefix="magritte-") as folder,
        reading_ahead(store, in_order) as ahead,
    ):
        directory, listed = Path(folder, Path(keys.dataset(digest)).name), Path(folder, keys.MANIFEST)
        try:
            packed = pack(
                pictures,
                lambda name: _pixels(contents.members[name], ahead.take(pictures[name])),
                directory,
                shape,
                context.threads,
            )
            ordered = [contents.members[name] for name in packed.order]
            with listed.open("wb") as stream:
                write_manifest(stream, digest, shape.resolution, ordered, places.at, contents.classes)
        except OSError as error:
            raise storage_error(error, folder) from error
        for file in packed.files:
            store.put_file(keys.dataset(digest, file.name), file)
        _put_labels(digest, ordered, contents.classes, store)
        store.put_file(keys.dataset(digest, keys.MANIFEST), listed)


def _pixels(member: Member, data: bytes) -> NDArray[np.uint8]:
    maker = PACKING.name if member.derived else "normalizer"
    return np.asarray(decoded(keys.normalized(member.picture), data, maker))


def _put_labels(digest: str, ordered: Iterable[Member], classes: tuple[str, ...], store: Objects) -> None:
    """Put the labels file, if the data set has classes."""
    if classes:
        labels = one_hot([classes.index(str(member.label)) for member in ordered], len(classes))
        name = labels_file_name(Path(keys.dataset(digest)).name)
        store.put(keys.dataset(digest, name), encode_labels(labels))


def _put_card(
    subject: Subject, contents: _Contents, places: RunPlaces, tally: Tally, shown: Mapping[str, Any], store: Objects
) -> None:
    """Put the data card beside the data set, in place of that of an earlier run with the same pictures."""
    images = dict.fromkeys(member.image for member in contents.members.values())
    card = data_card(subject, [places.at(image) for image in images], tally.counts(), shown)
    store.put(keys.dataset(subject.digest, keys.DATA_CARD), card.encode())
