"""A folder of results under plain names, brought up to date: written is only what has changed since.

`.magritte.json` in it records what was written there, before that takes its place, so that it is true also after a
process was killed: whatever differs from it is somebody else's. A lock lets one process at a time write.
"""

import fcntl
import filecmp
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from services.magritte import screen
from services.magritte.atomic_file import replacing
from shared.contract.errors import MagritteError, output_error
from shared.ledger.records import decoded
from shared.sha256 import hash_file

RECORD, _LOCK, _STAGED = ".magritte.json", ".magritte.lock", ".magritte.partial"

_TOGETHER = 32
"""Files that are written before the record, and then take their places: it is not written again for each."""

_REMEDY = "Delete it and fetch again: what is in the folder then counts as somebody else's"


@dataclass(frozen=True)
class Wanted:
    """A file that the folder is to have: `write` writes it to a path, `origin` changes when its content does.

    One that `is_extra` is never written, and stays where it has been written before with the same origin.
    """

    origin: str
    write: Callable[[Path], object]
    is_extra: bool = False


@dataclass(frozen=True)
class Changes:
    """Names of files that were written or removed, and of those that are somebody else's and were left as they are."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    foreign: tuple[str, ...]


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name} is no file of the folder")
    return name


class _File(BaseModel):
    """A file as it was written; without `sha256` where it is a link to the store's, which is not read for that."""

    model_config = ConfigDict(frozen=True)

    origin: str
    size: int
    mtime_ns: int
    sha256: str | None = None

    def is_at(self, path: Path) -> bool:
        """Return whether the file at `path` is this one, also after it was copied without its time."""
        found = path.lstat()
        if (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns):
            return True
        return found.st_size == self.size and self.sha256 is not None and hash_file(path) == self.sha256


class _Record(BaseModel):
    """Files by name: as each was written last, and as it is as long as that has not taken its place."""

    version: Literal[1] = 1
    files: dict[Annotated[str, AfterValidator(_inside)], tuple[_File, ...]] = {}


@contextmanager
def opened(path: Path) -> Iterator["ResultsFolder"]:
    """Yield a folder that nobody else writes into meanwhile; it is made. Waits for whoever does, and says so.

    Raises `SettingsError` where nothing can ever be written, `StoreUnavailable` or `StoreFull` where the disk refuses,
    and `Unreadable` for a damaged record.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with (path / _LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                screen.remark(f"another process writes into {path}: waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield ResultsFolder(path)
    except OSError as error:
        raise output_error(error, path) from error


class ResultsFolder:
    """The files in a folder that were written by this, and those that somebody else has put or changed there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        record = path / RECORD
        content = record.read_bytes() if record.exists() else b"{}"
        self._files = dict(decoded(str(record), content, _Record, _REMEDY).files)
        self._staged = path / _STAGED

    def update(
        self,
        wanted: Mapping[str, Wanted],
        replace: bool = False,
        keep: str = "/",
        shown: Callable[[list[str]], Iterable[str]] = iter,
    ) -> Changes:
        """Write what is missing or has another origin by now, and remove what is not wanted any more.

        Names are relative. What is somebody else's is left, unless it is the same, or with `replace`. Names that begin
        with `keep` are never removed. An error about a file is raised once all others are written.
        """
        there = {name for name, each in wanted.items() if self._is_there(name, each)}
        wanted = {name: each for name, each in wanted.items() if name in there or not each.is_extra}
        due = [name for name in wanted if name not in there]
        try:
            written, foreign, errors = self._write_all(due, wanted, replace, shown)
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)
        if errors:
            raise errors[0]
        old = [name for name in self._files if name not in wanted and not name.startswith(keep)]
        removed = [name for name in old if self._remove(name)]
        if due or old:
            self._write_record()
        return Changes(tuple(written), tuple(removed), tuple(foreign))

    def _write_all(
        self, due: list[str], wanted: Mapping[str, Wanted], replace: bool, shown: Callable[[list[str]], Iterable[str]]
    ) -> tuple[list[str], list[str], list[MagritteError]]:
        written, foreign, errors = list[str](), list[str](), list[MagritteError]()
        names = iter(shown(due))
        while batch := list(islice(names, _TOGETHER)):
            shutil.rmtree(self._staged, ignore_errors=True)  # also of a process that was killed
            staged = dict[str, Path]()
            for name in batch:
                try:
                    staged[name] = self._stage(len(staged), wanted[name])
                except MagritteError as error:
                    errors.append(error)
            taken = [name for name, file in staged.items() if replace or self._may_write(name, file)]
            foreign += staged.keys() - set(taken)
            self._place({name: staged[name] for name in taken}, wanted)
            written += taken
        return written, foreign, errors

    def _stage(self, number: int, wanted: Wanted) -> Path:
        self._staged.mkdir(exist_ok=True)
        path = self._staged / str(number)
        wanted.write(path)
        return path

    def _place(self, staged: Mapping[str, Path], wanted: Mapping[str, Wanted]) -> None:
        """Record the files, together with those whose place they take, and put them there."""
        for name, path in staged.items():
            before = self._own(name)
            self._files[name] = (_described(path, wanted[name].origin), *([before] if before else []))
        self._write_record()
        for name, path in staged.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            self._files[name] = self._files[name][:1]

    def _is_there(self, name: str, wanted: Wanted) -> bool:
        own = self._own(name)
        return own is not None and own.origin == wanted.origin

    def _own(self, name: str) -> _File | None:
        """Return the recorded file that is there under a name; None for none, or one of somebody else's."""
        path = self.path / name
        if path.is_symlink() or not path.is_file():
            return None
        return next((each for each in self._files.get(name, ()) if each.is_at(path)), None)

    def _may_write(self, name: str, staged: Path) -> bool:
        path = self.path / name
        if not os.path.lexists(path) or self._own(name) is not None:
            return True
        return path.is_file() and filecmp.cmp(path, staged, shallow=False)

    def _remove(self, name: str) -> bool:
        """Remove a file of ours, and its folder if that is empty then; forget it in any case."""
        is_own = self._own(name) is not None
        del self._files[name]
        if is_own:
            path = self.path / name
            path.unlink()
            if path.parent != self.path and next(path.parent.iterdir(), None) is None:
                path.parent.rmdir()
        return is_own

    def _write_record(self) -> None:
        with replacing(self.path / RECORD) as path:
            path.write_text(_Record(files=self._files).model_dump_json(indent=1, exclude_none=True))


def _described(path: Path, origin: str) -> _File:
    found = path.stat()
    sha256 = hash_file(path) if found.st_nlink == 1 else None
    return _File(origin=origin, size=found.st_size, mtime_ns=found.st_mtime_ns, sha256=sha256)
