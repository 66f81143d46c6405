"""Results of a run: keys of its data set, networks, grids and rankings, and the state of its training."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.contract import keys
from shared.contract.errors import NotFound
from shared.ledger.records import decoded, read_record
from shared.ledger.state import RunState
from shared.runs import trainings
from shared.runs.registry import run_recipe
from shared.runs.trainings import Snapshot
from shared.store.interface import Store

DATA_SET = "data set"
"""Name of the result that is a whole folder; its key is that of the manifest."""

_SHOWN = {
    "fakes": trainings.FAKES,
    "truncation": trainings.TRUNCATION,
    "neighbours": trainings.NEIGHBOURS,
    "quality": trainings.QUALITY,
    "network": trainings.NETWORK,
}
"""The files of a snapshot that are results by themselves, by the name that people call them."""


_RANKED = {
    trainings.RANKING: "ranking",
    trainings.PARQUET: "parquet",
    trainings.WORST: "worst",
    trainings.STRANGEST: "strangest",
    trainings.BEST: "best",
    trainings.UNCERTAIN: "uncertain",
    trainings.FAKE_RANKING: "fake-ranking",
    trainings.WORST_FAKES: "worst-fakes",
    trainings.BEST_FAKES: "best-fakes",
}
"""The files of a ranking, likewise."""


@dataclass(frozen=True)
class Results:
    """`objects` is the key of every result that there is, by the name that people call it.

    `snapshot` is the last one that the recipe asks for, or the newest; `kimg` thousand pictures D had been shown by
    then, as people count (with the recipe's `resume_kimg`). `ranking_summary` is the key of what `ranked` reads.
    """

    objects: dict[str, str] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    kimg: float = 0.0
    ranking_summary: str | None = None


@dataclass(frozen=True)
class Trained:
    """The state of a training at a snapshot.

    `tick` is the last line of its `stats.jsonl`, `quality` its `quality.json`; None for what it does not have. `kimg`
    is `Results.kimg`.
    """

    leg: int
    kimg: float
    tick: dict[str, Any] | None
    quality: dict[str, Any] | None


class Ranked(BaseModel):
    """The ranking by a snapshot: which snapshots have scored, and whether the base network has.

    `stability` is its rank correlation with the ranking by snapshot `compared_with`; None without one.
    """

    snapshots: list[int]
    base: bool
    compared_with: int | None
    stability: float | None


class _Tick(BaseModel):
    """A line of `stats.jsonl`: what is shown of it has to be there, the rest is kept."""

    model_config = ConfigDict(extra="allow")

    kimg: float
    sec_per_kimg: float
    eta: float | None
    loss_g: float | None
    loss_d: float | None
    augment_p: float | None = None
    overfitting: float | None = None


class _Quality(BaseModel):
    """A snapshot's `quality.json`, likewise."""

    model_config = ConfigDict(extra="allow")

    sliced_wasserstein: float
    memorised: float
    pictures: int


_NETWORK_IS_WHOLE = "What was measured in this leg is lost, its network is not"


def results(store: Store, run: str, state: RunState) -> Results:
    """Find all results of a run of this state."""
    if state.dataset is None:
        return Results()
    manifest = {DATA_SET: keys.dataset(state.dataset.digest, keys.MANIFEST)}
    snapshot = _snapshot(store, state)
    if snapshot is None:
        return Results(manifest)
    ranking = _of_ranking(store, snapshot, state)
    shown = {_RANKED[file]: key for file, key in ranking.items() if file in _RANKED}
    kimg = run_recipe(store, run).training.resume_kimg + snapshot.kimg
    return Results(manifest | _of_training(snapshot) | shown, snapshot, kimg, ranking.get(trainings.SUMMARY))


def trained(store: Store, found: Results) -> Trained | None:
    """Return the state of the training; None before its first snapshot. Raises `Unreadable` for damaged figures."""
    snapshot = found.snapshot
    if snapshot is None:
        return None
    ticks = _read(store, snapshot, trainings.STATS).splitlines()
    quality = _read(store, snapshot, trainings.QUALITY)
    return Trained(
        leg=snapshot.leg,
        kimg=found.kimg,
        tick=_figures(snapshot, trainings.STATS, ticks[-1], _Tick) if ticks else None,
        quality=_figures(snapshot, trainings.QUALITY, quality, _Quality) if quality else None,
    )


def ranked(store: Store, found: Results) -> Ranked | None:
    """Return what the ranking was made of; None without one that says so. Raises `Unreadable` for a damaged one."""
    key = found.ranking_summary
    return None if key is None else read_record(store, key, Ranked, "`magritte rank` makes the ranking again")


def legs(store: Store, last: Snapshot) -> list[Snapshot]:
    """Return the snapshots of a training up to `last`, in order, behind those of the trainings that it goes on from."""
    before = (trainings.find_snapshot(store, last.training, number) for number in range(1, last.leg))
    parent = trainings.parent_of(store, last.training)
    begin = trainings.find_snapshot(store, parent.training, parent.leg) if parent else None
    return [*(legs(store, begin) if begin else ()), *filter(None, before), last]


def statistics(store: Store, snapshots: Iterable[Snapshot]) -> bytes:
    """Join the ticks of `snapshots` into one `stats.jsonl`. Raises NotFound if any are gone, Unreadable if damaged.

    A leg whose checkpoint was damaged began one leg earlier and has that one's ticks again: each is here once.
    """
    ticks: dict[float, bytes] = {}
    for snapshot in snapshots:
        if trainings.STATS in snapshot.files:
            lines = store.get(snapshot.key(trainings.STATS)).splitlines(keepends=True)
            ticks |= {_figures(snapshot, trainings.STATS, line, _Tick)["kimg"]: line for line in lines}
    return b"".join(ticks.values())


def _snapshot(store: Store, state: RunState) -> Snapshot | None:
    """Return the newest snapshot of the training whose record can be read."""
    if state.snapshot is None:
        return None
    training = state.snapshot.training
    found = (trainings.find_snapshot(store, training, leg) for leg in range(state.snapshot.leg, 0, -1))
    return next((snapshot for snapshot in found if snapshot is not None), None)


def _of_training(snapshot: Snapshot) -> dict[str, str]:
    """Return the keys of the pictures and figures of the snapshot, by name."""
    shown = {name: snapshot.key(file) for name, file in _SHOWN.items() if file in snapshot.files}
    return {"reals": keys.leg(snapshot.training, 0, "reals.png")} | shown


def _of_ranking(store: Store, snapshot: Snapshot, state: RunState) -> dict[str, str]:
    """Return the keys of the files of the ranking by this snapshot, if there is one."""
    if state.ranking is None or (state.ranking.training, state.ranking.leg) != (snapshot.training, snapshot.leg):
        return {}
    return {file: key for file, key in state.ranking.files.items() if store.exists(key)}


def _figures(snapshot: Snapshot, file: str, content: bytes, kind: type[BaseModel]) -> dict[str, Any]:
    return decoded(snapshot.key(file), content, kind, _NETWORK_IS_WHOLE).model_dump(exclude_unset=True)


def _read(store: Store, snapshot: Snapshot, file: str) -> bytes:
    """Read a small file of the snapshot; empty if there is none, so that the rest of the run's state can be shown."""
    try:
        return store.get(snapshot.key(file)) if file in snapshot.files else b""
    except NotFound:
        return b""
