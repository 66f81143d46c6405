"""Trainings in the store: how one is named, which of its snapshots are complete, and where their files lie.

    trainings/<training>/000000/      what a training starts from: training.json, reals.png, fakes_init.png
    trainings/<training>/<n>/         snapshot n, which leg n - 1 made: what `FILES` lists, and its rankings
    trainings/<training>/<n>/done.json
    trainings/<training>/<n>/is-parent.json   present if another training begins with this snapshot

`done.json` is created once and makes snapshot n complete: it names the other files by their content. Files without
one are those of a trainer that was killed or that another one was faster than.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.messages import Digest
from shared.contract.stage import Objects
from shared.recipe import files as recipe_files
from shared.recipe.train_on import Carried
from shared.recipe.training import ResolvedTraining

VERSION = 3
"""Of the trainer: raise it when the same settings give another training."""

CHECKPOINT, NETWORK, FAKES, TRUNCATION, STATS, EVENTS = FILES = (
    "checkpoint.npz",
    "network.npz",
    "fakes.png",
    "truncation.png",
    "stats.jsonl",
    "events.tfevents",
)
"""Of one snapshot: all that training needs to go on, the networks, what Gs draws, the same at several psi, a line of
JSON per tick, and the ticks for TensorBoard."""

NEIGHBOURS, QUALITY = ("neighbours.png", "quality.json")
"""Of a snapshot whose pictures are compared with the training pictures: those nearest to one, and figures."""

RANKING, PARQUET, SUMMARY, WORST, STRANGEST, BEST, UNCERTAIN = RANKING_FILES = (
    "ranking.csv",
    "ranking.parquet",
    "ranking.json",
    "worst.png",
    "strangest.png",
    "best.png",
    "uncertain.png",
)
"""Of one ranking: the table in two formats, what it was made of and how far it agrees with the one before, and sheets
of the pictures that are worst by both signals, strangest, best, and scored most differently in other company."""

FAKE_RANKING, WORST_FAKES, BEST_FAKES = FAKE_RANKING_FILES = ("fake-ranking.csv", "worst-fakes.png", "best-fakes.png")
"""Of one ranking in which pictures that the network draws are scored too."""

IS_PARENT = "is-parent.json"
"""Of a snapshot that another training begins with, whose checkpoint therefore stays."""

_DONE, _TRAINING = "done.json", "training.json"
_WITHOUT_INFLUENCE = {"preset", "kimg", "leg_kimg", "tick_kimg", "resume_kimg", "quality_pictures"}
"""Settings without influence on the networks: length, reports and figures."""
_OF_FRESH_NETWORKS = {"fmap_base", "fmap_max", "latent_size", "mapping_layers", "mbstd_group"}


class Snapshot(BaseModel):
    """A complete leg: `images` pictures have been shown to D; `files` are `FILES` and their SHA-256.

    `threads` is the number of TensorFlow's intra-op threads on a CPU, which the bytes depend on. None on a GPU and on
    JAX, and in records that were written before it was recorded.
    """

    model_config = ConfigDict(frozen=True)

    training: Digest
    leg: int = Field(ge=1)
    images: int = Field(ge=0)
    files: dict[str, Digest]
    threads: int | None = Field(default=None, ge=1)

    @property
    def kimg(self) -> float:
        """Thousand pictures shown to D."""
        return self.images / 1000

    def key(self, file: str) -> str:
        """Return the key of one of `FILES`."""
        return keys.leg(self.training, self.leg, content_name(file, self.files[file]))


class Parent(BaseModel):
    """The snapshot that a training begins with, and what it takes over beside the networks."""

    model_config = ConfigDict(frozen=True)

    training: Digest
    leg: int = Field(ge=1)
    carry: tuple[Carried, ...] = ()


def decisive(settings: ResolvedTraining) -> dict[str, Any]:
    """Return the settings that decide what a training does, as JSON; a file to start from by its SHA-256.

    A longer training is thus the same one, and goes on. With `start_from`, sizes are the file's, not the recipe's.
    """
    given = settings.start_from is not None
    left_out = _WITHOUT_INFLUENCE | (_OF_FRESH_NETWORKS if given else set())
    return settings.model_dump(mode="json", exclude=left_out) | {"start_from": _file_digest(settings.start_from)}


def training_digest(settings: ResolvedTraining, dataset: str, parent: Parent | None = None) -> str:
    """Return the name of the recipe's training on this data set, from `parent` on.

    Raises Poison if `start_from` is gone.
    """
    parts = [VERSION, dataset, decisive(settings), *([parent.model_dump(mode="json")] if parent else [])]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def introduce(store: Objects, training: str, settings: ResolvedTraining, dataset: str, parent: Parent | None) -> None:
    """Write down, once, what a training is of and what it begins with."""
    about = {"dataset": dataset, "settings": decisive(settings)}
    about |= {"parent": parent.model_dump(mode="json")} if parent else {}
    store.put_new(keys.leg(training, 0, _TRAINING), json.dumps(about, indent=1).encode())


def is_introduced(store: Objects, training: str) -> bool:
    """Return whether `introduce` has been called for a training."""
    return store.exists(keys.leg(training, 0, _TRAINING))


def parent_of(store: Objects, training: str) -> Parent | None:
    """Return what a training began with; None for one without a parent, and where its record cannot be read."""
    try:
        about = json.loads(store.get(keys.leg(training, 0, _TRAINING)))
        return Parent.model_validate(about["parent"]) if "parent" in about else None
    except (NotFound, ValueError, TypeError):
        return None


def keep_checkpoint(store: Objects, parent: Parent) -> None:
    """Mark a snapshot that another training begins with, so that its checkpoint stays."""
    key = keys.leg(parent.training, parent.leg, IS_PARENT)
    if not store.exists(key):
        store.put(key, b"{}")


def find_snapshot(store: Objects, training: str, leg: int) -> Snapshot | None:
    """Return snapshot `leg`; None when it is not complete, or a power failure has cut its record short."""
    try:
        return Snapshot.model_validate_json(store.get(keys.leg(training, leg, _DONE)))
    except (NotFound, ValidationError):
        return None


def latest(store: Objects, training: str) -> Snapshot | None:
    """Return the newest complete snapshot, None without one."""
    return next(_newest_first(store, training), None)


def finishing(store: Objects, training: str, images: int) -> Snapshot | None:
    """Return the first snapshot that has seen `images` pictures: the last one of a training of that length."""
    found = None
    for snapshot in _newest_first(store, training):
        if snapshot.images < images:
            break
        found = snapshot
    return found


def recorded_threads(store: Objects, training: str, leg: int) -> int | None:
    """Return the threads that the newest snapshot up to `leg` was computed in; None where it has not recorded them."""
    return next((found.threads for found in _newest_first(store, training) if found.leg <= leg), None)


def complete(store: Objects, snapshot: Snapshot) -> bool:
    """Write `done.json` of a snapshot whose files are stored; False when another trainer has completed it first."""
    key, record = keys.leg(snapshot.training, snapshot.leg, _DONE), snapshot.model_dump_json().encode()
    if store.put_new(key, record):
        return True
    if find_snapshot(store, snapshot.training, snapshot.leg) is not None:
        return False
    store.put(key, record)  # over one that cannot be read
    return True


def content_name(file: str, digest: str) -> str:
    """Add `digest` to a name such as `fakes.png`: two trainers at one leg do not write over each other's files."""
    path = Path(file)
    return f"{path.stem}-{digest[:12]}{path.suffix}"


def plain_name(name: str) -> str:
    """Return a name without the digest that `content_name` has added, if there is one."""
    return re.sub(r"-[0-9a-f]{12}(?=\.[a-z]+$)", "", name)


def ranking_key(training: str, leg: int, terms: str, file: str) -> str:
    """Return the key of a file of the ranking by snapshot `leg`; rankings by other `terms` lie beside it."""
    return keys.leg(training, leg, content_name(file, hashlib.sha256(terms.encode()).hexdigest()))


def _newest_first(store: Objects, training: str) -> Iterator[Snapshot]:
    parsed = (keys.parse_leg(key) for key in store.list(keys.training(training)))
    for number in sorted((number for number, file in parsed if file == _DONE), reverse=True):
        snapshot = find_snapshot(store, training, number)
        if snapshot is not None:
            yield snapshot


def _file_digest(network: str | Path | None) -> str | None:
    try:
        return None if network is None else recipe_files.digest(network)
    except OSError as error:
        raise Poison(f"training.start_from: {network}: {error.strerror}") from error
