"""The folder that models by name are kept in: their files, and the digests that are held to."""

import lzma
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from shared import sha256
from shared.contract.environment import CacheEnvironment
from shared.contract.errors import Poison, storage_error
from shared.models.catalogue import Delivery, Model

_XZ = b"\xfd7zXZ\x00"
"""First bytes of every file that xz has packed."""


@dataclass(frozen=True)
class ModelCache:
    """Models on this machine, each a file in `folder`."""

    folder: Path

    @classmethod
    def of_this_machine(cls) -> "ModelCache":
        """Return the one cache that all commands use."""
        return cls(CacheEnvironment().models)

    def file(self, model: Model) -> Path:
        """Return the path of a model's file, whether it is there or not."""
        return self.folder / f"{model.name}{model.suffix}"

    def usable(self, model: Model) -> Path:
        """Return the path of what recipes use: the file, or what `magritte weights import` makes of it."""
        return self.file(model).with_suffix(model.imported_suffix or model.suffix)

    def part(self, model: Model) -> Path:
        """Return the path of what has arrived so far of a model that is being downloaded."""
        return self.folder / f"{self.file(model).name}.part"

    def record(self, model: Model) -> Path:
        """Return the path of the digest that the first copy of a model had, as sha256sum writes it."""
        return self.folder / f"{self.file(model).name}.sha256"

    def digest(self, model: Model) -> str:
        """Return the SHA-256 that a model's file must have; empty before the first copy of one that nobody states."""
        if model.sha256 or not self.record(model).is_file():
            return model.sha256
        found = re.match(r"[0-9a-f]{64}\b", self.record(model).read_text(encoding="ascii", errors="replace"))
        if not found:
            raise Poison(f"{self.record(model)} has no digest of {model.name}: remove it")
        return found[0]

    def lack(self, model: Model) -> str:
        """Say what is to be done before a recipe can use a model; empty when nothing is."""
        file, usable = self.file(model), self.usable(model)
        if usable.is_file():
            return self._damage(model) if usable == file else ""
        if file.is_file():
            return f"{model.name} is on this machine, but not imported yet: run `magritte weights import {file}`"
        return f"{model.name} is not on this machine: {self.how_to_get(model)}"

    def how_to_get(self, model: Model) -> str:
        """Say what to run to have a model."""
        get = f"run `magritte models get {model.name}`, or " if model.delivery is Delivery.DOWNLOAD else ""
        return get + self.by_hand(model)

    def by_hand(self, model: Model) -> str:
        """Say what to do to have a model without a download of ours."""
        is_page = model.delivery is Delivery.BROWSER
        fetch = f"open {model.address} in a browser" if is_page else f"fetch {model.address} by other means"
        then = f", and at last `magritte weights import {self.file(model)}`" if model.imported_suffix else ""
        return f"{fetch} and run `magritte models add {model.name} FILE`{then}"

    def add(self, model: Model, source: Path) -> Path:
        """Copy a file into a model's place, and return that. Raises `Poison` when it is another file."""
        copy = self._temporary(model)
        try:
            if source.stat().st_size > model.most_bytes:
                raise _too_large(model)
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            return self.place(model, copy)
        except OSError as error:
            raise storage_error(error, error.filename or self.folder) from error
        finally:
            copy.unlink(missing_ok=True)

    def place(self, model: Model, arrived: Path) -> Path:
        """Move a file of the cache's folder into a model's place, unpacked, and return that.

        Raises `Poison` when it is another file; it stays where it is then.
        """
        unpacked = self._temporary(model)
        try:
            file = unpacked if _unpack(arrived, unpacked, model) else arrived
            self._check(model, file)
            file.replace(self.file(model))
            arrived.unlink(missing_ok=True)
        finally:
            unpacked.unlink(missing_ok=True)
        return self.file(model)

    def _check(self, model: Model, file: Path) -> None:
        """Compare a file's digest, or write it down if it is the first."""
        found, expected = sha256.hash_file(file), self.digest(model)
        if not expected:
            self.record(model).write_text(f"{found}  {self.file(model).name}\n", encoding="ascii")
        elif found != expected:
            remedy = "" if model.sha256 else f" Remove {self.record(model)} if that was the wrong file."
            raise Poison(f"that is another file than {model.name}: its SHA-256 is {found}, not {expected}.{remedy}")

    def _damage(self, model: Model) -> str:
        file, expected = self.file(model), self.digest(model)
        try:
            found = sha256.hash_file(file)
        except OSError as error:
            return f"{file} cannot be read: {error.strerror}"
        return f"{file} is damaged: {self.how_to_get(model)}" if expected and found != expected else ""

    def _temporary(self, model: Model) -> Path:
        return self.folder / f".{self.file(model).name}.{uuid4().hex[:12]}"


def _too_large(model: Model) -> Poison:
    return Poison(f"that is another file than {model.name}: it has more than {model.most_bytes} bytes")


def _unpack(packed: Path, to: Path, model: Model) -> bool:
    """Write what xz has packed into a file of its own; return False if it is not packed. Raises `Poison`."""
    with packed.open("rb") as file:
        if file.read(len(_XZ)) != _XZ:
            return False
    try:
        with lzma.open(packed) as content, to.open("wb") as unpacked:
            while block := content.read(1 << 20):
                if unpacked.tell() + len(block) > model.most_bytes:
                    raise _too_large(model)
                unpacked.write(block)
    except (lzma.LZMAError, EOFError) as error:
        raise Poison(f"that is another file than {model.name}, or damaged: {error}") from error
    return True
