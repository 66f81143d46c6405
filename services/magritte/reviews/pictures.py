"""Finds out what has become of the pictures of an exported review: untouched, edited, dropped, renamed or unknown."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from services.magritte.reviews.folder import DROPPED, EXPLANATION, RECORD, TABLE, Export, ExportedFace
from shared.sha256 import hash_file

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
_OWN = frozenset({TABLE, EXPLANATION, RECORD})
_OF_SYSTEMS = re.compile(r"\..*|~.*|.*~|Thumbs\.db|desktop\.ini", re.IGNORECASE)
"""Names of files that operating systems and programs leave behind."""

_ITEM = re.compile(r"[0-9a-f]{20}\.\d+")


class State(StrEnum):
    """The fates of an exported picture."""

    UNTOUCHED = "untouched"
    DROPPED = "dropped"
    EDITED = "edited"
    UNCLEAR = "unclear"


@dataclass
class Pictures:
    """The states of an export's pictures by face, the files that are edited, and sentences about what means nothing."""

    states: dict[str, State] = field(default_factory=dict)
    edited: dict[str, Path] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _File:
    """A picture in the folder that is of a face; `same` says that its bytes are as they were exported."""

    path: Path
    same: bool
    dropped: bool


def look_at_pictures(folder: Path, export: Export, files: Iterable[Path]) -> Pictures:
    """Return what has become of the pictures of an export, of which these files are left in its folder."""
    found, names = Pictures(), _Names(export)
    of_faces: defaultdict[str, list[_File]] = defaultdict(list)
    for path in files:
        shown = path.relative_to(folder)
        digest = hash_file(path)
        face = names.face_of(path, digest)
        if face is None:
            found.remarks.append(f"{shown} is no picture of this export: it means nothing")
            continue
        if path.stem != Path(face.file).stem:
            found.remarks.append(f"{shown} is taken for {face.file}")
        of_faces[face.face].append(_File(path, digest == face.picture, shown.parts[0].casefold() == DROPPED))
    for face in export.faces:
        _judge(found, folder, face, of_faces[face.face])
    return found


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files in an export's folder that a person may have put or left there, in order of their names."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or _OF_SYSTEMS.fullmatch(path.name):
            continue
        if path.parent != folder or path.name not in _OWN:
            yield path


class _Names:
    """The faces of an export by all that a file may still have of them."""

    def __init__(self, export: Export) -> None:
        self._by_digest: defaultdict[str, list[ExportedFace]] = defaultdict(list)
        for face in export.faces:
            self._by_digest[face.picture].append(face)
        self._by_stem = {Path(face.file).stem.casefold(): face for face in export.faces}
        self._by_item: Mapping[str, ExportedFace] = {face.face: face for face in export.faces}

    def face_of(self, path: Path, digest: str) -> ExportedFace | None:
        """Return the face that a file shows: by its bytes, or, if these were changed, by its name."""
        named = self._by_stem.get(path.stem.casefold())
        with_digest = self._by_digest.get(digest, ())
        if with_digest:
            return named if named in with_digest else with_digest[0]
        if path.suffix.lower() not in _PICTURES:
            return None
        item = _ITEM.search(path.name)
        return named or (self._by_item.get(item[0]) if item else None)


def _judge(found: Pictures, folder: Path, face: ExportedFace, files: list[_File]) -> None:
    """Note what has become of the picture of a face that these files show."""
    dropped, kept = [each for each in files if each.dropped], [each for each in files if not each.dropped]
    changed = [each.path for each in kept if not each.same]
    if dropped and kept:
        state = State.UNCLEAR
        found.remarks.append(
            f"{face.file}: {kept[0].path.relative_to(folder)} is there, and {dropped[0].path.relative_to(folder)} too: "
            "delete one of them"
        )
    elif len(changed) > 1:
        state = State.UNCLEAR
        shown = ", ".join(str(path.relative_to(folder)) for path in changed)
        found.remarks.append(f"{face.file} was changed in more than one way: {shown}; keep one of them")
    elif changed:
        state, found.edited[face.face] = State.EDITED, changed[0]
    else:
        state = State.UNTOUCHED if kept else State.DROPPED
        found.how[face.face] = "moved into drop" if dropped else "deleted"
    found.states[face.face] = state
