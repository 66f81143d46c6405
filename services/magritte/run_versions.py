"""Tells what the versions of a run's data set have, what left each of them and why, and which trainings are of each."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.magritte.run_items import RunItems
from shared.contract.errors import NotFound, Poison
from shared.contract.items import Entry, Face
from shared.contract.messages import Decision, SnapshotTaken
from shared.ledger.records import dataset_versions, read_dataset_version
from shared.ledger.verdicts import Subject, Verdict
from shared.runs import manifests
from shared.runs.run_trainings import RunTraining, run_trainings
from shared.store.interface import Store


@dataclass(frozen=True)
class Left:
    """A face that a version has no more, and why."""

    face: str
    name: str
    why: str


@dataclass(frozen=True)
class Version:
    """A version of the data set: `faces` of it, None where its manifest is gone, and how it differs from its parent."""

    number: int
    digest: str
    parent: int | None
    faces: int | None
    joined: int
    left: tuple[Left, ...]


@dataclass(frozen=True)
class Trained:
    """A training of the run, with its newest snapshot: leg 0 and 0 kimg where none has been taken."""

    number: int
    version: int
    begins: str
    leg: int
    kimg: float
    is_done: bool


def versions(store: Store, run: str, items: RunItems, verdicts: Mapping[int, Verdict]) -> list[Version]:
    """Return the versions of a run's data set, in order; `verdicts` are those of its character, by their numbers."""
    found: list[Version] = []
    faces: dict[int, Mapping[Face, Mapping[str, Any]]] = {}
    names = {each.entry: each.shown for each in items.listed()}
    fates = dict(items.fates())
    for number, key in sorted(dataset_versions(store, run)):
        record = read_dataset_version(store, key)
        faces[number] = _faces(store, record.digest)
        before = faces.get(record.parent or 0, {})
        gone = [member for face, member in before.items() if face not in faces[number]]
        used = {verdicts[each].subject: verdicts[each] for each in record.verdicts if each in verdicts}
        left = tuple(_left(member, names, fates, used) for member in gone)
        joined = len(faces[number].keys() - before.keys())
        found.append(Version(number, record.digest, record.parent, len(faces[number]) or None, joined, left))
    return found


def trainings_of(store: Store, run: str, items: RunItems) -> Iterator[Trained]:
    """Yield the trainings of a run, in order."""
    newest: dict[int, SnapshotTaken] = {}
    for taken in items.messages_of(SnapshotTaken):
        known = newest.setdefault(taken.number, taken)
        newest[taken.number] = max(known, taken, key=lambda each: (each.version, each.leg))
    recorded = dict(run_trainings(store, run))
    for number in sorted(recorded.keys() | newest.keys()):
        yield _trained(number, recorded.get(number), newest.get(number), newest)


def as_json(found: list[Version], trained: list[Trained]) -> dict[str, Any]:
    """Return versions and trainings for programs."""
    return {"versions": [asdict(each) for each in found], "trainings": [asdict(each) for each in trained]}


def _faces(store: Store, digest: str) -> Mapping[Face, Mapping[str, Any]]:
    try:
        return {Face(each["entry"], each["face"]): each for each in manifests.members(store, digest)}
    except (Poison, NotFound, KeyError):
        return {}


def _left(
    member: Mapping[str, Any], names: Mapping[str, str], fates: Mapping[Any, Any], used: Mapping[Subject, Verdict]
) -> Left:
    """Return a face that has left, by one of the verdicts that its version `used`, or else by what stages say now."""
    item = Face(member["entry"], member["face"])
    verdict = used.get((member["image"], item.number)) or used.get((member["image"], None))
    if verdict is not None and verdict.decision is Decision.DROP:
        why = ": ".join(filter(None, (f"drop by {verdict.who}", verdict.why)))
    else:
        fate = fates.get(item) or fates.get(Entry(item.entry))
        why = f"{fate.reason} ({fate.stage})" if fate and fate.reason else ""
    return Left(str(item), names.get(item.entry, ""), why)


def _trained(
    number: int, record: RunTraining | None, taken: SnapshotTaken | None, all_taken: Mapping[int, SnapshotTaken]
) -> Trained:
    version = record.version if record else taken.version if taken else 0
    begins = "as the recipe says"
    if record and record.parent:
        of = (number for number, each in all_taken.items() if each.training == record.parent.training)
        begins = f"{next(of, '?')}:{record.parent.leg}"
    if taken is None:
        return Trained(number, version, begins, 0, 0.0, is_done=False)
    return Trained(number, version, begins, taken.leg, taken.kimg, taken.last)
