"""Reports of runs: counts of pictures by fate, and addresses of results."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from rich.table import Table
from rich.text import Text

from services.magritte import screen
from services.magritte.training import last_tick_line, stability_line, trained_line
from shared.contract import keys
from shared.contract.errors import Unreadable
from shared.ledger.fates import Fate, Settlement
from shared.ledger.progress import Phase
from shared.runs.controls import controls_in_force
from shared.runs.events import LastEvent, last_events
from shared.runs.registry import phase_of, read_state
from shared.runs.results import Ranked, Results, Trained, ranked, results, trained
from shared.store.interface import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Report:
    """Report of a run: counts per fate and per stage, addresses of results, state of the training.

    `events` are the last of each kind; `remarks` are sentences about what lies among its records and cannot be read.
    """

    run: str
    phase: Phase
    pictures: int
    fates: Counter[Settlement]
    stages: Counter[tuple[str, str]]
    faces: int
    paused: frozenset[str]
    results: dict[str, str]
    training: Trained | None
    ranking: Ranked | None = None
    events: tuple[LastEvent, ...] = ()
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs; the fates' counts add up to `pictures`."""
        return {
            "run": self.run,
            "phase": self.phase.value,
            "finished": self.phase is Phase.FINISHED,
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
            "paused": sorted(self.paused),
            "results": self.results,
            "training": self.training and asdict(self.training),
            "ranking": self.ranking and self.ranking.model_dump(mode="json"),
            "events": [event.model_dump(mode="json") for event in self.events],
        }


def report(store: Store, run: str) -> Report:
    """Gather a run's report. Raises `Unreadable` if its recipe or its ledger is damaged."""
    state = read_state(store, run)
    found = results(store, run, state)
    damage = list[str]()
    return Report(
        run=run,
        phase=phase_of(store, run, state),
        pictures=state.pictures,
        fates=state.settlements,
        stages=state.facts,
        faces=state.faces,
        paused=controls_in_force(store).paused,
        results=_addresses(store, found),
        training=_unless_damaged(trained, store, found, damage),
        ranking=_unless_damaged(ranked, store, found, damage),
        events=tuple(last_events(store, run)),
        remarks=tuple(damage),
    )


def _unless_damaged(
    read: Callable[[Store, Results], T | None], store: Store, found: Results, damage: list[str]
) -> T | None:
    """Read figures of the results; None for damaged ones, of which a sentence is added to `damage`."""
    try:
        return read(store, found)
    except Unreadable as error:
        damage.append(str(error))
        return None


def print_report(store: Store, run: str) -> None:
    """Print a run's report for a person."""
    print_status(report(store, run))


def print_status(this: Report) -> None:
    """Print a report for a person."""
    console = screen.console()
    counts = f", {this.phase}: {this.pictures} pictures, {this.faces} faces in the data set"
    console.print()
    console.print(Text.assemble("run ", (this.run, "bold"), counts))
    console.print(fates_table(this))
    if this.paused:
        console.print(f"paused: {', '.join(sorted(this.paused))}; `magritte continue STAGE` lets one go on")
    if this.phase is Phase.REVIEWING:
        console.print(f"its pictures wait for a review; `magritte review close {this.run}` says that it is done")
    if this.training:
        console.print(f"{'training':>12}  {trained_line(this.training)}", soft_wrap=True)
    if this.ranking:
        console.print(f"{'stability':>12}  {stability_line(this.ranking.stability)}", soft_wrap=True)
    if tick := last_tick_line(this.events, this.training):
        console.print(f"{'last tick':>12}  {tick}", soft_wrap=True)
    for name, url in this.results.items():
        console.print(f"{name:>12}  {url}", soft_wrap=True)
    for sentence in this.remarks:
        screen.remark(sentence)


def fates_table(this: Report) -> Table:
    """Tabulate how many pictures met each fate, those in the data set first."""
    table = Table("pictures", "fate", "stage", "reason", box=None, header_style="dim")
    table.columns[0].justify = "right"
    for fate, count in sorted(this.fates.items(), key=lambda pair: (pair[0].fate is not Fate.IN_DATASET, -pair[1])):
        table.add_row(str(count), fate.fate.value, fate.stage, fate.reason)
    return table


def _addresses(store: Store, found: Results) -> dict[str, str]:
    return {name: store.url(key).removesuffix(f"/{keys.MANIFEST}") for name, key in found.objects.items()}
