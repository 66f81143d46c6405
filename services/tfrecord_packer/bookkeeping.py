"""Keeps the ledger of every run: writes all that is published into its journal, and says when a data set is due."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.tfrecord_packer.declaration import BOOKKEEPING
from services.tfrecord_packer.personal_verdicts import boxes_to_cut, standing_verdicts
from shared.contract import keys
from shared.contract.errors import StoreUnavailable
from shared.contract.items import WholeRun
from shared.contract.messages import (
    DatasetDue,
    FacesDue,
    ImageSuperseded,
    KeeperSettled,
    Message,
    ReviewClosed,
    SourceExhausted,
    Stamp,
    VerdictGiven,
)
from shared.contract.objects import Objects
from shared.contract.owner import Owner, Received
from shared.contract.stage import Context
from shared.ledger import checkpoint, journal
from shared.ledger.book import Book
from shared.ledger.fates import PERSON
from shared.ledger.ledger import Ledger, phase_settings
from shared.ledger.progress import Phase, PhaseSettings
from shared.ledger.recent_runs import RecentRuns
from shared.ledger.state import RunState, state_of, write_state
from shared.ledger.verdicts import Verdicts
from shared.recipe.recipe import Recipe

MOST_BYTES = 512 * 2**20
"""Memory for the books together; one that has left it is read again when it is needed."""

STATE_EVERY = timedelta(seconds=1)
"""Time between two states of a run, as long as its phase stays the same."""


@dataclass(frozen=True)
class LedgerSettings:
    """Settings of the ledger of a run: whose verdicts count, and what decides the run's phases."""

    character: str
    phases: PhaseSettings


@dataclass
class _Open:
    """An open book, of one `epoch` of the bus: between two of them another owner may have written.

    `due_at` and `compared_at` are the numbers of changes at which a data set, and the second pass, were last asked for,
    `written` is the state that the store has.
    """

    run: str
    store: Objects
    epoch: int
    phases: PhaseSettings
    book: Book
    verdicts: Verdicts
    due_at: int | None = None
    compared_at: int | None = None
    written: RunState | None = None


class Bookkeeping(Owner[Message, LedgerSettings]):
    """Everything that is published comes in; `DatasetDue` goes out once every picture of a run is settled."""

    declaration = BOOKKEEPING

    def __init__(self, most_bytes: int = MOST_BYTES, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._books = RecentRuns[_Open](most_bytes, lambda opened: opened.book.tally.memory)
        self._unwritten: dict[str, _Open] = {}

    def settings(self, recipe: Recipe) -> LedgerSettings:
        return LedgerSettings(recipe.name, phase_settings(recipe))

    def process_batch(
        self, run: str, batch: Sequence[Received[Message]], settings: LedgerSettings, context: Context
    ) -> Iterator[Message]:
        opened = self._noted(run, batch, settings, context)
        self._books.keep(run, opened)
        if checkpoint.is_due(opened.book):
            checkpoint.write(context.store, run, opened.book)
        yield from _settled_keepers(opened, batch)
        yield from boxes_to_cut(opened.run, opened.book.tally, opened.verdicts, batch)
        yield from _due(opened, batch)
        self._unwritten[run] = opened
        self._write_states()

    def rest(self) -> None:
        """Write the states that have been put off."""
        for opened in list(self._unwritten.values()):
            self._write(opened)

    def _noted(self, run: str, batch: Sequence[Received[Message]], settings: LedgerSettings, context: Context) -> _Open:
        """Write what is news in a batch into the run's journal, and return its book, which has left memory meanwhile.

        When another owner has been faster, what it has written is read first.
        """
        opened = self._books.take(run)
        if opened is None or opened.epoch != context.epoch:
            opened = _opened(run, settings, context)
        while True:
            number = opened.book.batches + 1
            lines = [line for received in batch for line in _news(opened, received)]
            if not lines or journal.append(context.store, run, number, lines):
                opened.book.batches += bool(lines)
                return opened
            opened = _opened(run, settings, context)
            if opened.book.batches < number:
                raise StoreUnavailable(f"{keys.journal(run, number)} is there and cannot be read")

    def _write_states(self) -> None:
        """Write the states of runs in a new phase, and those that have been put off for `STATE_EVERY`."""
        for opened in list(self._unwritten.values()):
            written = opened.written
            is_new = written is None or written.phase is not opened.book.phase(opened.phases)
            if is_new or (written is not None and abs(self._clock() - written.at) >= STATE_EVERY):
                self._write(opened)

    def _write(self, opened: _Open) -> None:
        if opened.written is None or opened.written.batches != opened.book.batches:
            state = state_of(opened.book, opened.phases, self._clock())
            write_state(opened.store, opened.run, state)
            opened.written = state
        self._unwritten.pop(opened.run, None)


def _opened(run: str, settings: LedgerSettings, context: Context) -> _Open:
    verdicts = Verdicts(settings.character)
    verdicts.read(context.store)
    book = Ledger(context.store, run).book()
    return _Open(run, context.store, context.epoch, settings.phases, book, verdicts)


def _news(opened: _Open, received: Received[Message]) -> Iterator[bytes]:
    """Add what a message says to the book; yield the lines of the journal about it, none if it is no news."""
    message = received.message
    if opened.book.add(message.fact(received.stamp.stage)):
        yield received.line
        if isinstance(message, SourceExhausted):
            Ledger(opened.store, opened.run).await_listed(opened.book, message.source)
    if isinstance(message, VerdictGiven):
        opened.verdicts.read(opened.store)  # for whatever else comes with the same content
    for verdict in standing_verdicts(message, opened.verdicts, opened.book.tally):
        if opened.book.add(verdict.fact(PERSON)):
            yield verdict.encode(Stamp(stage=PERSON, at=received.stamp.at))


def _settled_keepers(opened: _Open, batch: Sequence[Received[Message]]) -> Iterator[KeeperSettled]:
    """Tell the deduper which pictures of a batch have left the run, or are back, that supersede copies.

    Until its answer is in the book, it is told again with each further message about them.
    """
    entries = dict[str, None]()
    for received in batch:
        item, message = received.message.item, received.message
        if not isinstance(item, WholeRun):
            entries[item.entry] = None
        if isinstance(message, ImageSuperseded) and message.keeper:
            entries[message.keeper] = None
    for entry in entries:
        is_out = opened.book.tally.settled_keeper(entry)
        if is_out is not None:
            yield KeeperSettled(run=opened.run, entry=entry, out=is_out)


def _due(opened: _Open, batch: Sequence[Received[Message]]) -> Iterator[FacesDue | DatasetDue]:
    """Ask for the second pass or the data set of a settled run: once for each change, and again for a resumed run."""
    phase, tally = opened.book.phase(opened.phases), opened.book.tally
    is_requested_again = any(isinstance(received.message, SourceExhausted | ReviewClosed) for received in batch)
    face_pass = opened.book.progress.face_pass(tally)
    if phase is Phase.COMPARING and (is_requested_again or opened.compared_at != face_pass):
        opened.compared_at = face_pass
        yield FacesDue(run=opened.run, changes=face_pass)
    is_new = phase is Phase.PACKING and opened.due_at != tally.changes
    if is_new or (is_requested_again and phase in (Phase.PACKING, Phase.TRAINING, Phase.RANKING)):
        opened.due_at = tally.changes
        yield DatasetDue(run=opened.run, changes=tally.changes)
