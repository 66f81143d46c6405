"""Downloads a model into the cache: goes on where it was cut, and takes nothing but the model's own file."""

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import Poison, RunUnusable, Transient, storage_error
from shared.http_transport import public_client
from shared.models.cache import ModelCache
from shared.models.catalogue import Model

_SECONDS = 30.0
"""Time that a server may be silent."""

_NUMBER = "[0-9]{1,15}"

Tell = Callable[[int, int | None], None]
"""Hears how many bytes have arrived, and of how many, if the server says that."""


@dataclass(frozen=True)
class Download:
    """A model at an address, on its way into a cache."""

    model: Model
    address: str
    cache: ModelCache
    egress: EgressPolicy

    def run(self, tell: Tell) -> Path:
        """Fetch the file, check it and return its place in the cache.

        Raises `Transient` when it does not arrive whole: what has arrived is kept, and the next call goes on with it.
        Raises `Poison` when it is another file, and keeps nothing.
        """
        try:
            with _alone(self._part) as part:
                self._receive(part, tell)
                return self._placed()
        except OSError as error:
            raise storage_error(error, self.cache.folder) from error

    @property
    def _part(self) -> Path:
        return self.cache.part(self.model)

    @property
    def _origin(self) -> Path:
        """The file that says which file the part is of."""
        return self._part.with_name(f"{self._part.name}.json")

    def _placed(self) -> Path:
        try:
            place = self.cache.place(self.model, self._part)
        except Poison:
            self._discard()
            raise
        self._origin.unlink(missing_ok=True)
        return place

    def _receive(self, part: BinaryIO, tell: Tell) -> None:
        try:
            with public_client(self.egress, _SECONDS) as client:
                rest = self._received(client, part, self._going_on(part), tell)
                if not rest and not self._received(client, part, {}, tell):
                    raise self._cut(part, "the server sends another part than it is asked for")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._cut(part, str(error) or type(error).__name__) from error

    def _received(self, client: httpx.Client, part: BinaryIO, headers: dict[str, str], tell: Tell) -> bool:
        """Write an answer's body to the part; return False if the server has no such range of the file."""
        plain = {"Accept-Encoding": "identity"}
        with client.stream("GET", self.address, headers=plain | headers) as answer:
            if headers and answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return False
            if not answer.is_success:
                raise self._cut(part, f"the server answers {answer.status_code} {answer.reason_phrase}")
            start, total = _extent(answer)
            if start not in (0, _size(part)):
                return False
            part.seek(start)
            part.truncate()
            self._origin.write_text(json.dumps(_origin_of(self.address, answer)), encoding="utf-8")
            self._refuse_more_than_allowed(total or 0)
            self._write(answer, part, total, tell)
        if total is not None and _size(part) < total:
            raise self._cut(part, "the server has sent a part of it")
        return True

    def _write(self, answer: httpx.Response, part: BinaryIO, total: int | None, tell: Tell) -> None:
        for block in answer.iter_raw():
            part.write(block)
            self._refuse_more_than_allowed(part.tell())
            tell(part.tell(), total)

    def _refuse_more_than_allowed(self, size: int) -> None:
        if size > self.model.most_bytes:
            self._discard()
            raise RunUnusable(f"{self.address} is not {self.model.name}: more than {self.model.most_bytes} bytes")

    def _going_on(self, part: BinaryIO) -> dict[str, str]:
        """Return the headers that ask for the rest of a part, if its file can be told from others."""
        try:
            origin = json.loads(self._origin.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not _size(part) or origin.get("address") != self.address or not origin.get("validator"):
            return {}
        return {"Range": f"bytes={_size(part)}-", "If-Range": origin["validator"]}

    def _cut(self, part: BinaryIO, why: str) -> Transient:
        arrived, otherwise = _size(part), self.cache.by_hand(self.model)
        kept = f"{arrived} bytes have arrived and are kept; `magritte models get` goes on from there" if arrived else ""
        return Transient(
            f"{self.address} cannot be fetched: {why}. {kept or 'Nothing has arrived'}. Otherwise {otherwise}"
        )

    def _discard(self) -> None:
        self._part.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)


def _extent(answer: httpx.Response) -> tuple[int, int | None]:
    """Return the first byte that an answer has of a file, and the file's size if it says that."""
    if answer.status_code != httpx.codes.PARTIAL_CONTENT:
        length = re.fullmatch(_NUMBER, answer.headers.get("Content-Length", ""))
        return 0, int(length[0]) if length else None
    found = re.fullmatch(rf"bytes ({_NUMBER})-{_NUMBER}/(?:({_NUMBER})|\*)", answer.headers.get("Content-Range", ""))
    return (int(found[1]), int(found[2]) if found[2] else None) if found else (-1, None)


def _origin_of(address: str, answer: httpx.Response) -> dict[str, str]:
    """Return where a part comes from, and what tells that file from a later one of the same address."""
    tag = answer.headers.get("ETag", "")
    strong = tag if tag and not tag.startswith("W/") else ""
    return {"address": address, "validator": strong or answer.headers.get("Last-Modified", "")}


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


@contextmanager
def _alone(path: Path) -> Iterator[BinaryIO]:
    """Open a file for one process at a time, and leave none that is empty. Raises `Transient` when another has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Transient(f"{path} is being downloaded by another process") from error
        if not (path.is_file() and os.path.samestat(path.stat(), os.fstat(file.fileno()))):
            raise Transient(f"{path} has just been downloaded by another process")  # and the file is in its place
        try:
            yield file
        finally:
            if path.is_file() and not _size(file):
                path.unlink()
