"""Which class a picture of a labelled data set has, by where it was found or by its tags."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.tfrecord_packer.manifest import Member
from shared.contract.errors import Poison
from shared.recipe.labels import OTHER, Labels, Unlabelled

Place = Mapping[str, Any]
"""The provenance of a picture at one place: what a source said of it there."""

Places = Callable[[Member], Iterable[Sequence[Place]]]
"""Yields the places of a member's picture: first those of the picture itself, then those of each copy of it."""

_FOLDER = "folder"  # what the scraper calls the source of a folder


@dataclass(frozen=True)
class Labelled:
    """Members with their `label`, those of the best-ranked class first; the columns of the labels, in order.

    `classless` are the entries that are to be dropped for want of a class.
    """

    members: tuple[Member, ...]
    classes: tuple[str, ...]
    classless: tuple[str, ...]

    @property
    def without_pictures(self) -> tuple[str, ...]:
        """Classes that no picture has."""
        found = {member.label for member in self.members}
        return tuple(name for name in self.classes if name not in found)


def labelled(members: Iterable[Member], places: Places, labels: Labels) -> Labelled:
    """Give every member its class. Raises Poison when they are not of two classes at least.

    What a copy's place says counts only for a picture whose own places say nothing: near duplicates may differ in
    just what the classes tell apart.
    """
    found = [replace(member, label=_first_class(places(member), labels)) for member in members]
    if labels.unlabelled is Unlabelled.OTHER:
        found = [replace(member, label=member.label or OTHER) for member in found]
    present = {member.label for member in found if member.label is not None}
    if len(present) < 2:
        raise Poison(_too_few(present, labels))
    classes = _columns(present, labels)
    kept = sorted((m for m in found if m.label is not None), key=lambda m: classes.index(str(m.label)))
    return Labelled(tuple(kept), classes, tuple(sorted({m.entry for m in found if m.label is None})))


def by_tagger(tags: Sequence[str]) -> Place:
    """Return tags that a tagger has told of a picture, as a place of its own: sources that tell some come first."""
    return {"source": "tagger", "origin": "", "tags": tags}


def class_of(places: Iterable[Place], labels: Labels) -> str | None:
    """Return the class of a picture found at `places`, None if it has none; of several, the first in order."""
    found = {name for place in places for name in _classes_at(place, labels)}
    return min(found, key=lambda name: _rank(name, labels), default=None)


def _first_class(places: Iterable[Sequence[Place]], labels: Labels) -> str | None:
    return next((name for each in places if (name := class_of(each, labels)) is not None), None)


def _classes_at(place: Place, labels: Labels) -> set[str]:
    if labels.folders:
        folder, deeper, _ = str(place["origin"]).partition("/")
        return {folder} if deeper and place["source"] == _FOLDER else set()
    return set(labels.tags).intersection(place.get("tags") or ())


def _rank(name: str, labels: Labels) -> tuple[int, str]:
    """Return a key that sorts tags in the recipe's order and folders by name; what is of no class comes last."""
    if labels.tags:
        return labels.tags.index(name) if name in labels.tags else len(labels.tags), name
    return int(name == OTHER), name


def _columns(present: Iterable[str], labels: Labels) -> tuple[str, ...]:
    """Return the classes in the order of the labels' columns: all tags, with or without pictures, or folders.

    All tags, so that networks of two versions of a data set fit. Folders without a picture are not known by name.
    """
    names = {*present, *labels.tags}
    if labels.tags and labels.unlabelled is Unlabelled.OTHER:
        names.add(OTHER)
    return tuple(sorted(names, key=lambda name: _rank(name, labels)))


def _too_few(present: set[str], labels: Labels) -> str:
    cause = f"all pictures are of the class {', '.join(present)}" if present else "no picture is of any class"
    if labels.tags:
        return f"labels.tags: {cause}: name tags that the pictures have, or leave `labels` out of the recipe"
    return (
        f"labels.folders: {cause}: only sub-folders of folder sources are classes, and pictures of two must pass all "
        "stages. Sort the pictures otherwise and give the recipe another `name`, or leave `labels` out of it"
    )
