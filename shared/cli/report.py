"""What has become of every picture of a run, and where its results are."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from shared import keys
from shared.runs import facts, is_finished, latest_dataset
from shared.store.interface import Store
from shared.stylegan2.verification import MANIFEST
from shared.tally import Fact, Fate, Settlement, Tally


@dataclass(frozen=True)
class Report:
    """A run as its store tells it: counts per fate and per stage, and the addresses of the results."""

    run: str
    finished: bool
    pictures: int
    fates: Counter[Settlement]
    stages: Counter[tuple[str, str]]
    faces: int
    results: dict[str, str]

    def as_json(self) -> str:
        """For programs; the fates' counts add up to `pictures`."""
        body: dict[str, Any] = {
            "run": self.run,
            "finished": self.finished,
            "pictures": self.pictures,
            "faces": self.faces,
            "fates": [
                {"fate": fate.fate, "stage": fate.stage, "reason": fate.reason, "pictures": count}
                for fate, count in self.fates.most_common()
            ],
            "stages": [
                {"stage": stage, "message": kind, "count": count}
                for (stage, kind), count in sorted(self.stages.items())
            ],
            "results": self.results,
        }
        return json.dumps(body, indent=2)


def report(store: Store, run: str) -> Report:
    """Gather a run's report from the keys of its trail."""
    tally, stages = Tally(), Counter[tuple[str, str]]()
    for item, fact in facts(store, run):
        tally.add(item, fact)
        stages[fact.stage, fact.kind] += 1
    fates = tally.counts()
    faces = sum(1 for _ in tally.members())
    return Report(run, is_finished(store, run), fates.total(), fates, stages, faces, _results(store, run))


def print_report(store: Store, run: str) -> None:
    """Print a run's report for a person."""
    show(report(store, run))


def show(this: Report) -> None:
    """Print a report for a person."""
    console = Console(highlight=False)
    table = Table("pictures", "fate", "stage", "reason", box=None, header_style="dim")
    table.columns[0].justify = "right"
    for fate, count in sorted(this.fates.items(), key=lambda pair: (pair[0].fate is not Fate.IN_DATASET, -pair[1])):
        table.add_row(str(count), fate.fate.value, fate.stage, fate.reason)
    state = "finished" if this.finished else "not finished"
    console.print(
        f"\nrun [bold]{this.run}[/bold], {state}: {this.pictures} pictures, {this.faces} faces in the data set"
    )
    console.print(table)
    for name, url in this.results.items():
        console.print(f"{name:>12}  {url}", soft_wrap=True)


def _results(store: Store, run: str) -> dict[str, str]:
    found = latest_dataset(store, run)
    if found is None:
        return {}
    results = {"data set": store.url(keys.dataset(found[1], MANIFEST)).removesuffix(f"/{MANIFEST}")}
    snapshot = _trail_of(store, run, "trainer.snapshot-taken")
    ranking = _trail_of(store, run, "ranker.ranking-ready")
    for record in (snapshot, ranking):
        results |= {name: store.url(key) for name, key in record.get("files", {}).items()}
    return results


def _trail_of(store: Store, run: str, label: str) -> dict[str, Any]:
    found = [key for key in store.list(keys.trail(run, "run")) if f"/{label}" in key]
    record: dict[str, Any] = json.loads(store.get(max(found, key=_progress))) if found else {}
    return record


def _progress(key: str) -> tuple[int, int]:
    """The data set's version and the leg that a fact about the run is about."""
    fact = Fact.from_label(keys.parse_trail(key)[1])
    return fact.decisions, fact.number
