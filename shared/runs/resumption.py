"""Finds the messages that let a run go on after the broker has lost all of them.

The store knows all that is not settled: whoever has done its part of it already answers from its records.
"""

from collections.abc import Iterator

from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import (
    ImageFetched,
    Message,
    PairGiven,
    RunRequested,
    SourceExhausted,
    decode_stamped,
)
from shared.ledger.book import Book
from shared.ledger.fates import PERSON, Fate
from shared.ledger.ledger import Ledger
from shared.ledger.listing import SCRAPER, announced, complete_pages
from shared.ledger.tally import Tally
from shared.ledger.verdicts import Verdicts
from shared.ledger.verdicts_told import verdicts_given
from shared.runs.dead_letters import LetterState, letters
from shared.runs.registry import run_recipe
from shared.store.interface import Store

Published = tuple[str, Message]
"""The stage that has published a message, empty for what people ask for, and the message."""


def outstanding(store: Store, run: str) -> Iterator[Published]:
    """Yield messages that lead to all that is still to be done for a run.

    Raises `NotFound` when there is no such run, and `Unreadable` when its ledger is damaged.

    `SourceExhausted` of each listed source comes last: when nothing else is left, the ledger's owner sees by it that
    everything is settled, and publishes the next step of the run.
    """
    book = Ledger(store, run).book()
    unsettled = book.tally.unsettled()
    unlisted = set(unsettled)
    sources = range(len(run_recipe(store, run).sources))
    counts = {source: _count(store, run, source, unlisted) for source in sources}
    yield from (("", RunRequested(run=run, source=source)) for source, count in counts.items() if count is None)
    yield from _replays(store, run, book.tally)
    for source, count in counts.items():
        if count is not None:
            yield from _open_entries(store, run, source, unsettled, book)
    yield from _no_longer_listed(Ledger(store, run), unlisted)
    yield from ((PERSON, verdict) for verdict in missed_verdicts(store, run, book))
    yield from ((PERSON, verdict) for verdict in _pairs(store, run))
    for source, count in counts.items():
        if count is not None:
            yield SCRAPER, SourceExhausted(run=run, source=source, count=count)


def _count(store: Store, run: str, source: int, unlisted: set[str]) -> int | None:
    """Return the number of entries of a source, and take them out of `unlisted`; None until all can be read.

    The scraper then lists the source again. No more than a page is in memory.
    """
    count = 0
    try:
        for page in complete_pages(store, run, source):
            count += len(page.entries)
            unlisted.difference_update(page.entries)
    except (NotFound, Unreadable):
        return None
    return count


def _open_entries(store: Store, run: str, source: int, unsettled: set[str], book: Book) -> Iterator[Published]:
    """Announce the entries of a source that are `unsettled`, or of which the ledger has never heard."""
    for page in complete_pages(store, run, source):
        for entry, found in page.entries.items():
            if entry in unsettled or entry not in book.tally:
                message = announced(run, source, entry, found)
                if message is not None:
                    yield SCRAPER, message


def _no_longer_listed(ledger: Ledger, left: set[str]) -> Iterator[Published]:
    """Announce again the entries `left` that no listing has: their files have left the source's folder since."""
    if left:
        found = (record.message for record in ledger.records(f'"{ImageFetched.kind()}"'))
        yield from ((SCRAPER, each) for each in found if isinstance(each, ImageFetched) and each.entry in left)


def missed_verdicts(store: Store, run: str, book: Book) -> Iterator[Message]:
    """Find the verdicts about pictures of the run that stand and of which its ledger has not heard."""
    standing, heard = Verdicts(run_recipe(store, run).name), set(book.tally.verdicts())
    standing.read(store)
    missed = [(number, verdict) for number, verdict in standing if verdict.other is None and number not in heard]
    yield from verdicts_given(Ledger(store, run), run, missed, standing)


def _pairs(store: Store, run: str) -> Iterator[PairGiven]:
    """Yield all verdicts about pairs of the run's pictures; the deduper knows which of them it has heard of."""
    verdicts = Verdicts(run_recipe(store, run).name)
    verdicts.read(store)
    pairs = list(verdicts.pairs())
    images = {image for _, verdict in pairs for image in (verdict.image, str(verdict.other))}
    present = set(Ledger(store, run).entries_of_all(images)) if pairs else set()
    for number, verdict in pairs:
        if {verdict.image, verdict.other} <= present:
            yield verdict.pair_given(run, number)


def _replays(store: Store, run: str, tally: Tally) -> Iterator[Published]:
    """Find the messages of dead letters that have been given another chance and have not come to anything since."""
    found = (letter for letter in letters(store, run) if letter.state is LetterState.REPLAYED and letter.entry)
    due = {letter.body for letter in found if _is_dead_or_unheard_of(letter.entry, tally)}
    for message, stamp in (decode_stamped(body.encode()) for body in sorted(due)):
        yield stamp.stage, message


def _is_dead_or_unheard_of(entry: str, tally: Tally) -> bool:
    """Return whether a picture is dead: also one of which the broker has lost the only message, that it has died."""
    return entry not in tally or tally.settlement(entry).fate is Fate.DEAD
