"""Makes the files of a ranking: a table in two formats, contact sheets, and a summary."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from services.ranker import looks, scoring, tables
from services.ranker.correlation import agreement
from services.ranker.fake_ranking import fake_ranking
from services.ranker.judge import Judge, RankedSet, Step
from services.ranker.origins import Origins, origins
from services.ranker.ranking import RankedPicture, ranking
from services.ranker.sheets import ranking_sheet
from services.ranker.strangeness import strangeness
from shared.contract import keys
from shared.contract.errors import Poison
from shared.contract.objects import Objects
from shared.contract.picture_ranking import MadeRanking, OnStep, RankingRequest
from shared.pictures import encode_png, to_image
from shared.recipe.files import content
from shared.runs import trainings

COLUMNS: tables.Columns = {
    "rank": int,
    "quality": float,
    "spread": float,
    "quality_rank": int,
    "belonging": float,
    "mostly": str,
    "belonging_rank": int,
    "name": str,
    "picture": str,
    "image": str,
    "entry": str,
    "face": int,
    "label": str,
    "origin": str,
    "source": str,
    "board": str,
    "post": str,
    "address": str,
    "artist": str,
    "licence": str,
    "left": int,
    "top": int,
    "width": int,
    "height": int,
    "angle": float,
    "detector": str,
    "confidence": float,
}
"""Of the table of the training pictures."""


@dataclass
class _Making:
    """The work on a ranking; `remarks` are sentences about what could not be read."""

    request: RankingRequest
    store: Objects
    on_step: OnStep
    remarks: list[str] = field(default_factory=list)

    def step(self, what: str) -> Step:
        """Return what tells of the steps of one part of the work."""
        return lambda done, total: self.on_step(what, done, total)


def make(request: RankingRequest, store: Objects, on_step: OnStep) -> MadeRanking:
    """Rank a data set as asked for. Whatever `on_step` raises stops it."""
    making = _Making(request, store, on_step)
    ranked = RankedSet.open(store, request.dataset)
    places, of_fakes = _places(making, ranked)
    rows = _rows(places, ranked.members, origins(store, request.run, request.sources, making.remarks.append))
    before, earlier = _earlier(request, store)
    stability = agreement(_quality_ranks(rows), earlier.of_quality)
    summary = _summary(request, len(places), before, stability) | {"remarks": making.remarks}
    files = {
        trainings.RANKING: tables.as_csv(rows, COLUMNS),
        trainings.PARQUET: tables.as_parquet(rows, COLUMNS),
        **dict(_sheets(ranked, places, request.settings.sheet)),
        **of_fakes,
        trainings.SUMMARY: json.dumps(summary, indent=1).encode(),
    }
    named = {file: _key(request, request.legs[-1], file) for file in files} if request.legs else {}
    return MadeRanking(files, named, rows, summary, earlier.of_both, stability, making.remarks)


def _places(making: _Making, ranked: RankedSet) -> tuple[list[RankedPicture], dict[str, bytes]]:
    """Rank the pictures, without any network by what makes them strange alone; return the files about fakes too."""
    request, judge, scores = making.request, None, list[scoring.Scores]()
    for name, judge in _judges(making, ranked):
        scores.append(judge.scores(request.settings.shuffles, request.seed, making.step(f"scoring by {name}")))
    features = judge.features(making.step("finding features")) if judge else None
    of_fakes = dict[str, bytes]()
    if judge and request.legs and request.settings.fakes:
        of_fakes |= fake_ranking(judge, request.settings, request.seed, making.step)
    found = looks.decoded(_looks(ranked, making.step("looking at faces")))
    return ranking(strangeness(found, features), scoring.together(scores) if scores else None), of_fakes


def _judges(making: _Making, ranked: RankedSet) -> Iterator[tuple[str, Judge]]:
    """Open the networks that are asked, one after the other: the base network, then the snapshots in their order."""
    request, store = making.request, making.store
    if request.base is not None:
        base = content(request.base, store, "training.start_from")
        yield "the base network", Judge("training.start_from", base, ranked)
    for leg in request.legs:
        snapshot = trainings.find_snapshot(store, request.training, leg)
        if snapshot is None:
            raise Poison(f"there is no snapshot {leg} of the training {request.training[:20]}")
        yield f"snapshot {leg}", Judge(f"snapshot {leg}", store.get(snapshot.key(trainings.NETWORK)), ranked)


def _looks(ranked: RankedSet, step: Step) -> Iterator[bytes]:
    count = len(ranked.pictures)
    for index in range(count):
        step(index, count)
        (picture,) = ranked.pictures[np.array([index], np.intp)]
        yield looks.encoded(np.asarray(to_image(picture).convert("RGB")))


def _rows(places: Sequence[RankedPicture], members: Sequence[Mapping[str, Any]], found: Origins) -> list[tables.Row]:
    return [_row(place, members[place.index], found) for place in places]


def _row(place: RankedPicture, member: Mapping[str, Any], found: Origins) -> tables.Row:
    """Join what is known of a picture; what this run says of it goes before what the manifest does."""
    known = {**member, **found.of(member.get("image", ""), member.get("face", 0)), **asdict(place)}
    return {column: known.get(column) for column in COLUMNS}


def _sheets(ranked: RankedSet, places: Sequence[RankedPicture], most: int) -> Iterator[tuple[str, bytes]]:
    yield trainings.WORST, _sheet(ranked, [(each, each.why) for each in places[: -most - 1 : -1]])
    strangest = sorted(places, key=lambda each: -each.belonging_rank)[:most]
    yield trainings.STRANGEST, _sheet(ranked, [(each, each.of_belonging) for each in strangest])
    yield trainings.BEST, _sheet(ranked, [(each, each.why) for each in places[:most]])
    spreads = {each.index: each.spread for each in places if each.spread is not None}
    if spreads:
        uncertain = sorted(places, key=lambda each: -spreads[each.index])[:most]
        shown = [(each, f"{each.quality:.2f} ± {spreads[each.index]:.2f}") for each in uncertain]
        yield trainings.UNCERTAIN, _sheet(ranked, shown)


def _sheet(ranked: RankedSet, shown: Sequence[tuple[RankedPicture, str]]) -> bytes:
    pictures = ranked.pictures[np.array([place.index for place, _ in shown], np.intp)]
    return encode_png(ranking_sheet(pictures, [f"#{place.rank}\n{value}" for place, value in shown]))


def _summary(request: RankingRequest, pictures: int, before: int | None, stability: float | None) -> dict[str, Any]:
    return {
        "run": request.run,
        "dataset": request.dataset,
        "training": request.training,
        "snapshots": list(request.legs),
        "base": request.base is not None,
        "pictures": pictures,
        "shuffles": request.settings.shuffles,
        "compared_with": before,
        "stability": stability,
    }


class _Earlier(NamedTuple):
    """Ranks by name of an earlier ranking: by both signals, and by quality alone."""

    of_both: dict[str, int]
    of_quality: dict[str, int]


def _quality_ranks(rows: Sequence[tables.Row]) -> dict[str, int]:
    return {row["name"]: row["quality_rank"] for row in rows if row["quality_rank"] is not None}


def _earlier(request: RankingRequest, store: Objects) -> tuple[int | None, _Earlier]:
    """Find the ranking by the newest earlier snapshot that was ranked in the same way.

    Return the number of that, None without one, and its ranks.
    """
    if not request.legs:
        return None, _Earlier({}, {})
    present = set(store.list(keys.training(request.training)))
    earlier = range(request.legs[-1] - 1, 0, -1)
    before = next((leg for leg in earlier if _key(request, leg, trainings.PARQUET) in present), None)
    if before is None:
        return None, _Earlier({}, {})
    table = store.get(_key(request, before, trainings.PARQUET))
    return before, _Earlier(*(tables.read_column(table, "name", each) for each in ("rank", "quality_rank")))


def _key(request: RankingRequest, leg: int, file: str) -> str:
    """Return the key of a file of the ranking by snapshot `leg` that is made in the same way."""
    settings = request.settings.model_dump(mode="json", exclude={"at_kimg"})
    terms = [request.run, request.seed, request.base is not None, request.legs[:-1], settings]
    return trainings.ranking_key(request.training, leg, json.dumps(terms, sort_keys=True), file)
