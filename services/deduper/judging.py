"""The stage that decides which of several duplicates is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.deduper import checkpoint
from services.deduper.arrival import Arrival, Cause, subject
from services.deduper.declaration import JUDGING
from services.deduper.likeness import Eyes, Looking, Looks
from services.deduper.open_index import OpenIndex
from services.deduper.pair_verdicts import PairVerdicts
from shared.contract import keys
from shared.contract.errors import NotFound, StoreUnavailable
from shared.contract.messages import Judgement
from shared.contract.objects import Objects
from shared.contract.owner import Owner, Received
from shared.contract.stage import Context
from shared.ledger.recent_runs import RecentRuns
from shared.recipe.duplicates import Duplicates
from shared.recipe.recipe import Recipe

MOST_BYTES = 512 * 2**20
"""Memory for the indexes together; one that has left it is rebuilt from its arrivals when it is needed."""


@dataclass(frozen=True)
class Rules:
    """The rules by which pictures of a run are duplicates; `character` is whose verdicts about pairs hold."""

    character: str
    duplicates: Duplicates


class Judging(Owner[Cause, Rules]):
    """`ImageFingerprinted`, `KeeperSettled` and `PairGiven` in; `ImageKept` and `ImageSuperseded` of all pictures whose
    decision is new out."""

    declaration = JUDGING

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._indexes = RecentRuns[OpenIndex](most_bytes, lambda opened: opened.memory)
        self._looks = Looks()
        self._verdicts: dict[str, PairVerdicts] = {}

    def settings(self, recipe: Recipe) -> Rules:
        return Rules(recipe.name, recipe.duplicates)

    def process_batch(
        self, run: str, batch: Sequence[Received[Cause]], settings: Rules, context: Context
    ) -> list[Judgement]:
        """Return the judgements of the batch's arrivals, which are in the store before the first is announced.

        What has arrived before is answered from the store.
        """
        causes = {subject(received.message): received.message for received in batch}
        opened, arrivals = self._judged(run, causes.values(), settings, context)
        self._indexes.keep(run, opened)
        if checkpoint.is_due(opened):
            checkpoint.write(context.store, run, opened)
        known = _known(run, causes.values(), opened, arrivals, context.store)
        return [judgement for arrival in [*known, *arrivals] for judgement in arrival.judgements()]

    def _judged(
        self, run: str, causes: Iterable[Cause], settings: Rules, context: Context
    ) -> tuple[OpenIndex, list[Arrival]]:
        """Judge the causes that are news, as one batch of arrivals, and return the index with these.

        The index is not in memory until the batch lies in the store: after a failure, or when another consumer was
        faster, it is rebuilt from what does lie there.
        """
        verdicts = self._verdicts.setdefault(settings.character, PairVerdicts(settings.character))
        verdicts.read(context.store)
        eyes = verdicts.applied_to(Looking(settings.duplicates, self._looks).within(context.store))
        while True:
            opened = self._indexes.take(run) or _rebuilt(run, settings.duplicates, eyes, context.store)
            first = opened.arrivals + 1
            news = [cause for cause in (*causes, *verdicts.given(run, causes)) if opened.is_news(cause)]
            arrivals = [opened.judge(number, cause, eyes) for number, cause in enumerate(news, first)]
            lines = b"".join(arrival.written() + b"\n" for arrival in arrivals)
            if not arrivals or context.store.put_new(keys.arrival(run, first), lines):
                opened.note(arrivals, first)
                return opened, arrivals


def _known(
    run: str, causes: Iterable[Cause], opened: OpenIndex, arrivals: Sequence[Arrival], store: Objects
) -> list[Arrival]:
    """Read the answers to those causes that are not among the new `arrivals`."""
    new = {id(arrival.cause) for arrival in arrivals}
    old = {subject(cause): opened.batches_of(cause) for cause in causes if id(cause) not in new}
    batches = sorted(set[int]().union(*old.values()) - {arrivals[0].number if arrivals else 0})
    lines = (each for batch in batches for each in _read(run, batch, store))
    return [each for each in lines if each.answers(old)]


def _rebuilt(run: str, settings: Duplicates, eyes: Eyes, store: Objects) -> OpenIndex:
    """Rebuild the index of a run from its newest checkpoint and the arrivals since."""
    opened = checkpoint.newest(store, run, settings)
    while True:
        first = opened.arrivals + 1
        try:
            arrivals = _read(run, first, store)
        except NotFound:
            return opened
        opened.repeat(arrivals, first, eyes)


def _read(run: str, first: int, store: Objects) -> list[Arrival]:
    """Return the arrivals of a batch; raises `NotFound`, and `StoreUnavailable` when it is damaged."""
    key = keys.arrival(run, first)
    content = store.get(key)
    try:
        if not content.endswith(b"\n"):
            raise ValueError("it has been cut short")
        return [Arrival.read(number, line) for number, line in enumerate(content.splitlines(), first)]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreUnavailable(f"{key} is damaged: delete it if it is the last of the run's arrivals") from error
