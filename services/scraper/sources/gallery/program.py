"""Runs gallery-dl as a separate program, and reads what it lists line by line."""

import json
import os
import select
import signal
import subprocess
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from services.scraper.sources.gallery.fields import wanted_fields
from services.scraper.sources.gallery.outcome import shown, trouble
from services.scraper.sources.gallery.posts import Row
from services.scraper.web.conditions import Conditions
from services.scraper.web.gate import Gate
from services.scraper.web.hosts import GLANCE
from shared import gallery_dl
from shared.contract.errors import Interrupted, RunUnusable, Transient, Unusable
from shared.recipe.gallery import Gallery

_SILENCE = 1800.0
"""Seconds without a line and without a byte from the web after which it is ended: some boards let it wait that long."""
AT_ONCE = 3
"""Programs at work in one process: each takes 60 to 80 MB."""
_ROOM = threading.BoundedSemaphore(AT_ONCE)
_PATIENCE = 10.0
_LONGEST_LINE = 2**24
_MOST_OUTPUT = 2**16


@dataclass(frozen=True)
class Part:
    """A part of what a page lists, by the numbers of its files, which count from 1."""

    first: int
    last: int


class Listing:
    """The files of a part of what a page lists; `warnings` are what gallery-dl has said of what it left out."""

    def __init__(self, wanted: Gallery, part: Part, name: str, gate: Gate, conditions: Conditions) -> None:
        self._wanted, self._part, self._name = wanted, part, name
        self._gate, self._conditions = gate, conditions
        self.warnings: tuple[str, ...] = ()

    def rows(self) -> Generator[Row]:
        """Yield what gallery-dl says of each file, and end the program when the iterator is closed.

        Raises an error after the last file if the part is not whole, `Interrupted` when asked to stop, and
        `RunUnusable` where the program cannot be used.
        """
        try:
            with (
                _room(self._conditions),
                tempfile.TemporaryDirectory(prefix="magritte-") as folder,
                tempfile.TemporaryFile() as output,
            ):
                process = self._started(folder, output)
                with process:
                    try:
                        yield from _rows(process, self._gate, self._conditions)
                        code = _exit_code(process)
                    finally:
                        _end(process)
                lines = _lines(output)
        except OSError as error:
            raise Transient(f"gallery-dl cannot be run: {error}") from error
        error_of_end = self._gate.trouble or trouble(code, lines, self._wanted.address)
        if error_of_end is not None:
            raise error_of_end
        self.warnings = tuple(map(shown, lines))

    def _started(self, folder: str, output: IO[bytes]) -> "subprocess.Popen[bytes]":
        try:
            program = gallery_dl.program()
        except Unusable as error:
            raise RunUnusable(str(error)) from error
        configuration = Path(folder, "configuration.json")
        configuration.touch(mode=0o600)
        configuration.write_text(json.dumps(_configuration(self._name, self._gate, folder)), encoding="utf-8")
        software = f"{self._wanted.software}:" if self._wanted.software else ""
        command = [str(program), "--config-ignore", "--config-json", str(configuration), "--warning", "--no-input"]
        command += ["--no-colors", "--range", f"{self._part.first}-{self._part.last}"]
        return subprocess.Popen(
            [*command, "--", f"{software}{self._wanted.address}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd=folder,
            env={"PATH": os.defpath, "HOME": folder, "PYTHONUTF8": "1"},
            start_new_session=True,
        )


@contextmanager
def _room(conditions: Conditions) -> Iterator[None]:
    """Wait until there are few enough programs at work; raises `Interrupted` when asked to stop."""
    while not _ROOM.acquire(timeout=GLANCE):
        if conditions.stopping():
            raise Interrupted
    try:
        yield
    finally:
        _ROOM.release()


def _configuration(name: str, gate: Gate, folder: str) -> Mapping[str, Any]:
    """Return all settings of the program: they stand above those of single boards, and none is a recipe's.

    It lists and fetches nothing, writes what it is asked for line by line, passes itself off as nobody else, keeps to
    the board of the address, and asks through the gate. How long it waits by itself is for it to say, board by board.
    """
    lines = {"name": "metadata", "mode": "jsonl", "filename": "-", "event": "prepare", "ascii": True}
    return {
        "download": False,
        "skip": False,
        "postprocessors": [{**lines, "include": wanted_fields()}],
        "url-metadata": "_url",
        "user-agent": name,
        "browser": "",
        "whitelist": [],
        "input": False,
        "threshold": 1,
        "retries": 4,
        "timeout": 10**6,
        "proxy": gate.address,
        "proxy-env": False,
        "base-directory": folder,
        "output": {"mode": "null"},
        "cache": {"file": ":memory:"},
    }


def _rows(process: "subprocess.Popen[bytes]", gate: Gate, conditions: Conditions) -> Generator[Row]:
    """Yield the rows that the program writes until it closes its output."""
    pending = b""
    gate.note()
    while True:
        if conditions.stopping():
            raise Interrupted
        if gate.trouble is not None:
            raise gate.trouble
        if conditions.hosts.clock() - gate.active > _SILENCE:
            raise Transient(f"gallery-dl has done nothing for {_SILENCE / 60:.0f} minutes")
        part = _read(process.stdout)
        if part == b"":
            break
        if part is not None:
            gate.note()
            *lines, pending = (pending + part).split(b"\n")
            yield from map(_row, lines)
            if len(pending) > _LONGEST_LINE:
                raise Transient(f"gallery-dl says more than {_LONGEST_LINE} bytes of one file")
    if pending:
        yield _row(pending)


def _read(output: IO[bytes] | None) -> bytes | None:
    """Return what the program has written, nothing if that was all, None if there is nothing yet."""
    if output is None:
        return b""
    ready, _, _ = select.select([output], [], [], GLANCE)
    return os.read(output.fileno(), 2**16) if ready else None


def _row(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise Transient(f"gallery-dl says something that is no file: {line[:60]!r}")
    return row


def _exit_code(process: "subprocess.Popen[bytes]") -> int:
    """Return the exit code of the program, which has written all that it had to."""
    try:
        return process.wait(_PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise Transient("gallery-dl has closed its output and does not end") from error


def _lines(output: IO[bytes]) -> list[str]:
    """Return the last lines that the program has written about warnings and errors."""
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _MOST_OUTPUT))
    return output.read().decode("utf-8", "replace").splitlines()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the program and all that it has started, if it has not ended by itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
