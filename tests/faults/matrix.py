"""The table of faults in README.md, written from what the tests themselves came to."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).with_name("README.md")

INTRODUCTION = """# What has been broken, and what came of it

Whatever is done to a run's processes, broker, store or messages, one thing holds: *every accepted input ends exactly
once in the final set, or dead with a reason; nothing else changes.* Each row is a test against a real RabbitMQ and a
real S3 server (Ceph's gateway) that the tests start themselves. The numbers are those of a list of faults that we
keep: 1 to 8 processes, 9 to 18 the broker, 19 to 28 the store, 29 to 35 messages, 36 and 37 image boards.

`make fault-matrix` runs them all and writes this page from their results; do not edit it. A single one:
`make test PYTEST_ARGS='tests/faults -k TEST'`. The endurance run in its full length takes about ten minutes:
`ENDURANCE_PICTURES=1500 make test PYTEST_ARGS=tests/faults/test_endurance.py`.

| | what fails | how it is provoked | test | result |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Case:
    """A fault as its mark names it, and the test that provokes it."""

    number: str
    title: str
    how: str
    test: str

    @property
    def order(self) -> tuple[int, str]:
        """By number; what is of no single number comes last."""
        return int(self.number) if self.number.isdigit() else 99, self.title


class Matrix:
    """Collects what became of every test of a case."""

    def __init__(self) -> None:
        self._outcomes: dict[Case, list[str]] = defaultdict(list)

    def note(self, case: Case, outcome: str) -> None:
        """One test, or one set of its parameters, has ended."""
        self._outcomes[case].append(outcome)

    def text(self) -> str:
        """The whole page."""
        rows = sorted(self._outcomes.items(), key=lambda item: item[0].order)
        return INTRODUCTION + "".join(_row(case, outcomes) for case, outcomes in rows)


def _row(case: Case, outcomes: list[str]) -> str:
    counts = {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)}
    summary = ", ".join(outcome if len(outcomes) == 1 else f"{count} {outcome}" for outcome, count in counts.items())
    return f"| {case.number} | {case.title} | {case.how} | `{case.test}` | {summary} |\n"
