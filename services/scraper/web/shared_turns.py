"""Turns at hosts that all processes of this machine share: whoever asks a host holds the lock of a file of it.

A second file of the host says when it may be asked again, and whether it is closed. Both belong to no process: what one
has been told is heeded by the others, and by those that are started later.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import structlog
from pydantic import BaseModel, ValidationError

from services.scraper.web.politeness import spoken
from shared.contract.errors import HostRefuses

log = structlog.get_logger()

_BUSY = 0.05
"""Seconds until another look at a host that another process asks."""
_DAY = 86400.0
"""Seconds for which the files of a host are kept after its last turn; nothing is remembered for longer."""


class _State(BaseModel):
    """Times of a host in seconds since 1970, and why it is closed."""

    host: str
    not_before: float = 0.0
    closed_until: float = 0.0
    why: str = ""


class SharedTurns:
    """The turns that are taken by files in `folder`. Without one that can be written, nothing is shared."""

    def __init__(self, folder: Path | None = None, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        if folder is not None:
            with self._or_alone():
                folder.mkdir(parents=True, exist_ok=True)
                self._forget_old(folder)

    @contextmanager
    def turn(self, host: str, wait: Callable[[float], None]) -> Iterator[None]:
        """Wait until no other process asks `host` and it may be asked again; keep the others from it meanwhile.

        `wait` is told how many seconds there are to wait. Raises `HostRefuses` if the host is closed.
        """
        lock: IO[str] | None = None
        with self._or_alone():
            lock = self._taken(host, wait)
        try:
            yield
        finally:
            if lock is not None:
                _release(lock)

    def put_off(self, host: str, seconds: float) -> None:
        """Let no process ask `host` for `seconds` from now."""
        if seconds > 0:
            self._note(_State(host=host, not_before=self._now() + min(seconds, _DAY)))

    def close(self, host: str, seconds: float, why: str) -> None:
        """Close `host` for `seconds` to all processes, because of `why`."""
        self._note(_State(host=host, closed_until=self._now() + min(seconds, _DAY), why=why))

    def _taken(self, host: str, wait: Callable[[float], None]) -> IO[str] | None:
        """Return the lock of a host once it may be asked, None where nothing is shared."""
        while self._folder is not None:
            lock = _locked(self._folder / f"{_name(host)}.lock")
            if lock is None:
                wait(_BUSY)
                continue
            with ExitStack() as stack:
                stack.callback(_release, lock)
                if (left := self._left(host)) <= 0:
                    stack.pop_all()
                    return lock
            wait(left)
        return None

    def _left(self, host: str) -> float:
        """Return the seconds until a host may be asked; a time far ahead was noted by a clock that was wrong."""
        if self._folder is None:
            return 0.0
        known, now = _read(self._folder / f"{_name(host)}.json"), self._now()
        if known is None:
            return 0.0
        if now < known.closed_until <= now + _DAY:
            raise HostRefuses(f"{known.why} ({spoken(known.closed_until - now)} are left)")
        return known.not_before - now if known.not_before <= now + _DAY else 0.0

    def _note(self, news: _State) -> None:
        """Write into the file of a host what has become known of it."""
        if self._folder is None:
            return
        with self._or_alone(), (self._folder / f"{_name(news.host)}.json").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            known = _parsed(file) or news
            if known.closed_until > news.closed_until:
                news = news.model_copy(update={"closed_until": known.closed_until, "why": known.why})
            news = news.model_copy(update={"not_before": max(known.not_before, news.not_before)})
            file.truncate(0)
            file.write(news.model_dump_json())

    def _forget_old(self, folder: Path) -> None:
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # another process does the same
                if self._now() - path.stat().st_mtime > _DAY:
                    path.unlink()

    @contextmanager
    def _or_alone(self) -> Iterator[None]:
        """Share nothing any more, and say so, if the folder cannot be used."""
        try:
            yield
        except OSError as error:
            log.warning("pace of hosts not shared with other processes", folder=str(self._folder), error=str(error))
            self._folder = None


def _name(host: str) -> str:
    return hashlib.sha256(host.encode()).hexdigest()[:32]


def _locked(path: Path) -> IO[str] | None:
    """Return a file that this process alone has locked; None if another has, or has just removed it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file.fileno()).st_nlink:
            os.utime(file.fileno())
            return file
    except BlockingIOError:
        pass
    except OSError:
        file.close()
        raise
    file.close()
    return None


def _release(lock: IO[str]) -> None:
    fcntl.flock(lock, fcntl.LOCK_UN)  # a child process may have inherited it
    lock.close()


def _read(path: Path) -> _State | None:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return _parsed(file)
    except FileNotFoundError:
        return None


def _parsed(file: IO[str]) -> _State | None:
    """Return what a file says of its host; None for nothing, or what a process left that ended in the middle."""
    file.seek(0)
    try:
        return _State.model_validate_json(file.read())
    except ValidationError:
        return None
