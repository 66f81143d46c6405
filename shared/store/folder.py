"""A plain folder as object store: every object is a file that a person can open.

Atomic by writing under a temporary name and renaming; create-only by hard-linking, which fails when the name is
taken, or under a lock where the file system has no hard links. What is large is on the disk before it has its name:
a picture that a power failure cut short would be taken for whole for ever. Small records are not waited for, since
those that are cut short are detected when they are read.
"""

import errno
import fcntl
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from uuid import uuid4

from shared.contract.errors import MagritteError, NotFound, Unusable, storage_error
from shared.contract.keys import checked
from shared.store.translation import Translated

_LARGE = 2**14
"""Bytes; smaller objects are records."""

_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""Errors of file systems without hard links: exFAT, some network and FUSE file systems."""

_PROCESS, _NUMBERS = uuid4().hex[:12], count()
"""Temporary names differ by process, on whatever machine it runs, and within it by number."""


class FolderStore:
    """A `Store` in a local folder, which is created when the first object is put.

    Where every picture passes (`get`, `put`, `put_new`), paths are strings and files unbuffered: a `Path` and what
    `Path.read_bytes` asks about a file cost as much as reading a record.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._prefix = f"{self.root}/"

    def prepare(self) -> None:
        with self._errors("probe"):
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".probe.", dir=self.root) as folder:
                target = Path(folder, "object")
                created = [self._created(str(target), bytes(_LARGE)) for _ in range(2)]
        if created != [True, False]:
            raise Unusable(f"{self.root}: this file system replaces files that should only be created")

    def get(self, key: str) -> bytes:
        with self._errors(key), io.FileIO(self._place(key)) as file:
            return file.readall()

    def put(self, key: str, data: bytes) -> None:
        place = self._place(key)
        with self._errors(key):
            temporary = _temporary(place)
            try:
                _write(temporary, data)
                os.replace(temporary, place)
            except BaseException:
                _remove(temporary)
                raise

    def put_new(self, key: str, data: bytes) -> bool:
        place = self._place(key)
        with self._errors(key):
            return not os.path.exists(place) and self._created(place, data)

    def put_file(self, key: str, path: Path) -> None:
        target = self._path(key)
        with self._errors(key):
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(_temporary(str(target)))
            try:
                shutil.move(path, temporary)
                _flush(temporary)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        if not self.exists(key):
            raise NotFound(f"no object {key}")
        yield self._path(key)

    @contextmanager
    def folder(self, prefix: str) -> Iterator[Path]:
        if next(self.list(prefix), None) is None:
            raise NotFound(f"no objects {prefix}")
        yield self._path(prefix.rstrip("/"))

    def exists(self, key: str) -> bool:
        with self._errors(key):
            return self._path(key).is_file()

    def list(self, prefix: str) -> Iterator[str]:
        with self._errors(prefix):
            yield from self._walk(self._path(prefix.rstrip("/")), prefix)

    def delete(self, key: str) -> None:
        with self._errors(key):
            self._path(key).unlink(missing_ok=True)

    def url(self, key: str) -> str:
        return self._path(key).as_uri()

    def _place(self, key: str) -> str:
        return self._prefix + checked(key)

    def _path(self, key: str) -> Path:
        return Path(self._place(key))

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name + "/" * entry.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.is_dir():
                yield from self._walk(folder / entry.name, f"{prefix}{entry.name}/")
            elif not entry.name.startswith("."):
                yield prefix + entry.name

    def _created(self, place: str, data: bytes) -> bool:
        temporary = _temporary(place)
        try:
            _write(temporary, data)
            os.link(temporary, place)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            return self.created_under_lock(Path(place), Path(temporary))
        finally:
            _remove(temporary)
        return True

    def created_under_lock(self, path: Path, temporary: Path) -> bool:
        """Rename `temporary` to `path` unless it exists, where there are no hard links; return whether it was renamed.

        The lock excludes threads and processes, and ends with its holder.
        """
        with (self.root / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return False
            temporary.replace(path)
            return True

    def _errors(self, key: str) -> Translated:
        return Translated(partial(self._meaning, key))

    def _meaning(self, key: str, error: BaseException) -> MagritteError | None:
        if isinstance(error, FileNotFoundError | IsADirectoryError):
            return NotFound(f"no object {key}")
        return storage_error(error, self.root) if isinstance(error, OSError) else None


def _temporary(place: str) -> str:
    folder, _, name = place.rpartition("/")
    return f"{folder}/.{name}.{_PROCESS}{next(_NUMBERS)}"


def _write(place: str, data: bytes) -> None:
    """Write a file, with the folders that it lies in, and wait until it is on the disk if it is large."""
    try:
        file = io.FileIO(place, "wb")
    except FileNotFoundError:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        file = io.FileIO(place, "wb")
    with file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        if len(data) >= _LARGE:
            os.fsync(file.fileno())


def _remove(place: str) -> None:
    """Remove a file if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(place)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
