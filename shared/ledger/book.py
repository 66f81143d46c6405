"""What is known of a run: the tally of its pictures, its progress, and how much of the journal that is of."""

from collections import Counter
from dataclasses import dataclass, field

from shared.contract.facts import Fact, RunFact
from shared.ledger.progress import Phase, PhaseSettings, Progress
from shared.ledger.tally import Tally


@dataclass
class Book:
    """The sum of the first `batches` batches of a run's journal; `stages` counts their facts by stage and kind.

    `added` is the number of facts since the newest checkpoint.
    """

    tally: Tally = field(default_factory=Tally)
    progress: Progress = field(default_factory=Progress)
    stages: Counter[tuple[str, str]] = field(default_factory=Counter)
    batches: int = 0
    added: int = 0

    def add(self, fact: Fact) -> bool:
        """Add a fact; return whether it is news."""
        if isinstance(fact, RunFact):
            news = self.progress.add(fact)
        else:
            news = self.tally.add(fact)
            self.progress.awaited.discard(fact.entry)
        if news:
            self.stages[fact.stage, fact.kind] += 1
            self.added += 1
        return news

    def phase(self, settings: PhaseSettings) -> Phase:
        """Return the run's phase, as far as the journal tells."""
        return self.progress.phase(settings, self.tally)
