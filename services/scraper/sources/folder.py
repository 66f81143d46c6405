"""Pictures in a local folder."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from services.scraper.sources.source import PAGE, Conditions, Fetched, Item, Page
from shared.contract.errors import Transient
from shared.contract.reasons import Drop, Reason
from shared.recipe import sources as recipe


class FolderSource:
    """All files in a folder at any depth, sorted, but for those in or with names that begin with a dot.

    Links to files are followed, links to folders are not, so that no loop is entered. A folder that cannot be
    listed is an item itself: it is dropped, and nothing is missed without a word.
    """

    kind = "folder"
    answers_vary = False

    def __init__(self, section: recipe.FolderSource, conditions: Conditions) -> None:
        self._root = section.folder.absolute()
        self._score = section.score
        self._max_bytes = conditions.max_bytes

    def page(self, cursor: str) -> Page:
        """Return the files that follow one another after the file `cursor`."""
        items = tuple(islice(self._items(cursor), PAGE))
        return Page(items, items[-1].origin if len(items) == PAGE else None)

    def _items(self, after: str) -> Iterator[Item]:
        """Yield the files of one folder after the other; only names on the way to the present one are in memory."""
        reached = after.split("/") if after else []
        try:
            pending = _inside(self._root, "", reached)
        except OSError as error:
            raise Transient(f"the folder {self._root} cannot be listed: {error.strerror}") from error
        while pending:
            origin = pending.pop()
            path = self._root / origin
            try:
                state = path.stat()
                if stat.S_ISDIR(state.st_mode) and not path.is_symlink():
                    pending += _inside(path, origin + "/", reached)
            except OSError:
                yield self._item(origin, {})
                continue
            except Exception as error:
                yield replace(self._item(origin, {}), trouble=error)
                continue
            if stat.S_ISREG(state.st_mode):
                yield self._item(origin, {"size": state.st_size, "mtime_ns": state.st_mtime_ns})

    def _item(self, origin: str, state: dict[str, int]) -> Item:
        return Item(origin, str(self._root / origin), state, self._score)

    def fetch(self, item: Item) -> Fetched | Drop:
        try:
            return self._read(Path(item.place))
        except OSError as error:
            return Drop(Reason.UNREADABLE_FILE, f"it cannot be read: {error.strerror}")

    def _read(self, path: Path) -> Fetched | Drop:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            if state.st_size > self._max_bytes:
                return Drop(Reason.TOO_MANY_BYTES, f"{state.st_size} bytes, at most {self._max_bytes} are read")
            data = file.read()
        return Fetched(data, {"name": path.name, "modified": moment(state.st_mtime)})

    def close(self) -> None:
        """Release nothing: nothing is held."""


def moment(seconds: float) -> str | None:
    """Return a file's time, in seconds since 1970, as ISO 8601 in UTC; None for one that no calendar of ours has.

    Shares of Windows show files without a time as of the year 30828.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def _inside(folder: Path, prefix: str, reached: list[str]) -> list[str]:
    """List the names in `folder` without a dot in front, with `prefix`; sorted so that the first is popped first.

    `reached` is the path of a file in its parts: what comes before it, and itself, is left out.
    """
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".")]
    depth = prefix.count("/")
    if reached and prefix == "".join(f"{part}/" for part in reached[:depth]) and depth < len(reached):
        is_file = depth == len(reached) - 1
        names = [name for name in names if name > reached[depth] or (name == reached[depth] and not is_file)]
    return sorted((prefix + name for name in names), reverse=True)
