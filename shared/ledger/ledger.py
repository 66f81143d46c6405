"""Reads a run's ledger: the one way for commands, stages and the report to know what has happened in a run."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.items import Face
from shared.contract.messages import ImageFetched, Message
from shared.contract.objects import Objects
from shared.ledger import checkpoint, journal
from shared.ledger.book import Book
from shared.ledger.journal import Record
from shared.ledger.listing import complete_pages
from shared.ledger.progress import PhaseSettings
from shared.ledger.state import RunState, find_state, state_of
from shared.recipe.recipe import Recipe


def phase_settings(recipe: Recipe) -> PhaseSettings:
    """Return the part of a recipe that decides the phases of its runs."""
    return PhaseSettings(
        sources=len(recipe.sources),
        review=recipe.review.required,
        training=recipe.training.kimg > 0,
        second_pass=recipe.duplicates.faces,
    )


class Ledger:
    """The ledger of one run. Raises `Unreadable` where it is damaged, or was written before there were ledgers.

    A `remark` is told of damaged batches of the journal instead, as sentences, and the rest is read.
    """

    def __init__(self, store: Objects, run: str, remark: Callable[[str], object] | None = None) -> None:
        self._store = store
        self._run = run
        self._remark = remark
        self._remarks = set[str]()

    def book(self) -> Book:
        """Return the sum of the whole journal: the newest checkpoint, and what came after it."""
        book = checkpoint.newest(self._store, self._run)
        self._catch_up(book)
        if not book.batches:
            self._refuse_a_trail()
        for source in list(book.progress.listed):
            self.await_listed(book, source)
        return book

    def await_listed(self, book: Book, source: int) -> None:
        """Have the book wait for all that a source lists; one whose listing cannot be read counts as not listed."""
        try:
            for page in complete_pages(self._store, self._run, source):
                book.progress.wait_for(page.entries, book.tally)
        except (NotFound, Unreadable):
            book.progress.listed.pop(source, None)

    def state(self, settings: PhaseSettings) -> RunState:
        """Return the run's state: as its owner wrote it, or counted anew if the journal has gone on since."""
        state = find_state(self._store, self._run)
        if state is not None and not self._store.exists(keys.journal(self._run, state.batches + 1)):
            return state
        return state_of(self.book(), settings, datetime.now(UTC))

    def records(self, *about: str) -> Iterator[Record]:
        """Yield all that was published about the run, in order; given texts, only what has one of them in it."""
        texts = [text.encode() for text in about]
        for number, content in journal.batches(self._store, self._run):
            yield from self._readable(journal.records(self._run, number, content, texts))

    def messages(self, *kinds: type[Message]) -> Iterator[Message]:
        """Yield all messages of these types that were published about the run, in order."""
        records = self.records(*(f'"{kind.kind()}"' for kind in kinds))
        return (record.message for record in records if isinstance(record.message, kinds))

    def entries_of_all(self, images: Collection[str]) -> dict[str, list[str]]:
        """Return the entries that have been fetched as each of `images`, in order of their names."""
        found: dict[str, set[str]] = {}
        fetched = self.records(f'"{ImageFetched.kind()}"') if images else ()
        for message in (record.message for record in fetched):
            if isinstance(message, ImageFetched) and message.image in images:
                found.setdefault(message.image, set()).add(message.entry)
        return {image: sorted(entries) for image, entries in found.items()}

    def entries_of_faces(self, faces: Collection[tuple[str, int]]) -> dict[tuple[str, int], list[str]]:
        """Return the entries that have each of these faces, which are given by original and number, in order."""
        of_image = self.entries_of_all({image for image, _ in faces})
        images = {entry: image for image, entries in of_image.items() for entry in entries}
        found: dict[tuple[str, int], set[str]] = {}
        for item in (record.message.item for record in self.records('"face":')) if images else ():
            if isinstance(item, Face) and item.entry in images and (images[item.entry], item.number) in faces:
                found.setdefault((images[item.entry], item.number), set()).add(item.entry)
        return {face: sorted(entries) for face, entries in found.items()}

    def _catch_up(self, book: Book) -> None:
        for number, content in journal.batches(self._store, self._run, book.batches):
            for record in self._readable(journal.records(self._run, number, content)):
                book.add(record.message.fact(record.stamp.stage))
            book.batches = number

    def _readable(self, records: Iterable[Record]) -> Iterator[Record]:
        try:
            yield from records
        except Unreadable as error:
            if self._remark is None:
                raise
            if str(error) not in self._remarks:
                self._remarks.add(str(error))
                self._remark(str(error))

    def _refuse_a_trail(self) -> None:
        if next(iter(self._store.list(keys.trail(self._run))), None) is not None:
            raise Unreadable(
                f"run {self._run} was written by an earlier version of Magritte, which kept no journal",
                f"`magritte convert {self._run}` writes one from what there is",
            )
