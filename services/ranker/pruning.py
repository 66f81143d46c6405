"""Drops the worst pictures of a ranking, where the recipe says so and the ranking before agrees."""

from collections.abc import Iterator, Mapping, Sequence

from services.ranker.tables import Row
from shared.contract.messages import Decision, LegMessage, PairDecision, VerdictGiven
from shared.contract.objects import Objects
from shared.ledger.copies import MESSAGES, Copy, copies_behind
from shared.ledger.ledger import Ledger
from shared.ledger.verdicts import Verdict, give_all, given
from shared.recipe.pruning import Pruning, Worst

_WHO = "ranker"


def agreed(rows: Sequence[Row], earlier: Mapping[str, int], share: float) -> list[Row]:
    """Return the rows that are among the worst share of this ranking and of the one before, the worst first.

    `rows` begin with the best picture, `earlier` are ranks by name, 1 for the best; without any nothing is agreed upon.
    """
    by_name = {row["name"]: row for row in rows}
    before = set(_worst(sorted(earlier, key=earlier.__getitem__), share))
    return [by_name[name] for name in reversed(_worst(list(by_name), share)) if name in before]


def prune(
    message: LegMessage, rows: Sequence[Row], earlier: Mapping[str, int], rules: Pruning, character: str, store: Objects
) -> Iterator[VerdictGiven]:
    """Give verdicts that drop the worst, if the rules say so, with their copies; yield what the run is told of them.

    Faces that anybody has kept stay, `rules.floor` pictures are left in any case, and a run has at most `rules.rounds`
    of these prunes. What was dropped since the ranked data set was packed counts as gone. A ranking that comes again
    gives the same verdicts.
    """
    if rules.worst is not Worst.DROP:
        return
    name = _Name(message)
    log = dict(given(store, character))
    own = {number: verdict for number, verdict in log.items() if verdict.prune == str(name)}
    if not own:
        decided = _decided(log)
        left = sum(_decision_about(row, decided) is not Decision.DROP for row in rows)
        wanted = [row for row in agreed(rows, earlier, rules.share) if _decision_about(row, decided) is None]
        wanted = wanted[: max(left - rules.floor, 0)]
        verdicts = [_verdict(row, earlier, name) for row in wanted]
        verdicts += [_verdict_about_copy(copy, name) for copy in _copies(wanted, rows, message.run, store)]
        if verdicts and name.rounds(log) < rules.rounds:
            own = dict(zip(give_all(store, character, verdicts), verdicts, strict=True))
    entries = {(row["image"], row["face"]): row["entry"] for row in rows}
    ranked = {number: verdict for number, verdict in own.items() if (verdict.image, verdict.face) in entries}
    for number, verdict in ranked.items():
        yield verdict.given(message.run, entries[verdict.image, verdict.face], number)
    yield from _about_copies({number: each for number, each in own.items() if number not in ranked}, message.run, store)


class _Name:
    """The name of the prune that follows from a ranking."""

    def __init__(self, message: LegMessage) -> None:
        self._of_run = f"prune by the rankings of {message.run},"
        self._name = f"{self._of_run} training {message.number}, snapshot {message.leg}"

    def __str__(self) -> str:
        return self._name

    def rounds(self, log: Mapping[int, Verdict]) -> int:
        """Return the number of prunes in the log that followed from rankings of this run."""
        return len({each.prune for each in log.values() if each.prune.startswith(self._of_run)})


def _worst(names: Sequence[str], share: float) -> Sequence[str]:
    """Return the last share of names, rounded to the next one."""
    return names[len(names) - int(share * len(names) + 0.5) :]


def _decided(log: Mapping[int, Verdict]) -> dict[tuple[str, int | None], Decision | PairDecision]:
    """Return the last decision about each face or picture, also where that undid a prune."""
    return {(each.image, each.face): each.decision for each in log.values() if each.other is None}


def _decision_about(row: Row, decided: Mapping[tuple[str, int | None], Decision | PairDecision]) -> object:
    """Return the decision about a face, or else about its picture; None without any."""
    return decided.get((row["image"], row["face"])) or decided.get((row["image"], None))


def _about_copies(verdicts: Mapping[int, Verdict], run: str, store: Objects) -> Iterator[VerdictGiven]:
    """Yield what a run is told of verdicts about copies, which lie in entries that the ranking does not name."""
    ledger = Ledger(store, run)
    entries = ledger.entries_of_all({each.image for each in verdicts.values()})
    for number, verdict in verdicts.items():
        yield from (verdict.given(run, entry, number) for entry in entries.get(verdict.image, ()))


def _copies(wanted: Sequence[Row], rows: Sequence[Row], run: str, store: Objects) -> list[Copy]:
    """Return the copies that would take the places of those that leave."""
    members, leaving = ({(row["image"], row["face"]) for row in some} for some in (rows, wanted))
    return copies_behind(Ledger(store, run).messages(*MESSAGES), leaving, members) if wanted else []


def _verdict_about_copy(copy: Copy, name: _Name) -> Verdict:
    about = {"image": copy.image, "face": copy.face, "decision": Decision.DROP, "who": _WHO}
    return Verdict.model_validate({**about, "why": "a copy of what leaves", "prune": str(name)})


def _verdict(row: Row, earlier: Mapping[str, int], name: _Name) -> Verdict:
    why = f"rank {row['rank']}, and {earlier[row['name']]} in the ranking before"
    about = {"image": row["image"], "face": row["face"], "decision": Decision.DROP, "who": _WHO}
    return Verdict.model_validate({**about, "why": why, "prune": str(name)})
