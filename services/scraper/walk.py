"""The walk through one source of a run, page by page."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from services.scraper.entries import entry_id
from services.scraper.fetch_record import FetchRequest
from services.scraper.fetching import fetch
from services.scraper.listing import (
    Description,
    Listed,
    Listing,
    described,
    described_as_dead,
    described_as_refused,
    find_page,
    is_dead,
    item_of,
    keep_listing,
)
from services.scraper.pages import keep_page, recall_page
from services.scraper.seen_entries import SeenEntries
from services.scraper.sources import Conditions, Item, Page, Source, open_source
from services.scraper.web.address import shown
from shared.contract import keys
from shared.contract.errors import Interrupted, MagritteError
from shared.contract.messages import ListingDue, Message, SourceExhausted
from shared.contract.stage import Death, Objects, single_errors
from shared.pictures import Limits
from shared.recipe import sources as recipe_sources
from shared.recipe.exclude import Exclude, Exclusion
from shared.recipe.files import with_addresses

EMPTY = Listing(entries={}, count=0, next="")
"""The page before the first one."""


@dataclass(frozen=True)
class Wanted:
    """A recipe's sources, the limits of what is taken from them, and what is not taken at all.

    Of what has tags, only what has one of `tags` is taken, if there are any.
    """

    sources: tuple[recipe_sources.Source, ...]
    limits: Limits
    exclude: Exclude
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Walk:
    """A walk through source `number` of a run. What the source lists twice is one entry."""

    run: str
    number: int
    wanted: Wanted
    store: Objects
    conditions: Conditions
    clock: Callable[[], datetime]
    seen: SeenEntries

    def known(self) -> Iterator[Message | Death]:
        """Publish again all that is known of the source, and that what follows is due."""
        page, before = 1, EMPTY
        while (listing := find_page(self.store, self.run, self.number, page)) is not None:
            yield from self._again(page, listing)
            page, before = page + 1, listing
            if listing.next is None:
                break
        yield self._following(page, before)

    def page(self, page: int) -> Iterator[Message | Death]:
        """Bring in what a page lists, write down what came of it, and publish that the next one is due."""
        listing = find_page(self.store, self.run, self.number, page)
        before = find_page(self.store, self.run, self.number, page - 1) if page > 1 else EMPTY
        if before is None:
            yield ListingDue(run=self.run, source=self.number, page=page - 1)
            return
        if listing is not None:
            yield from self._again(page, listing)
        else:
            entries: dict[str, Description] = {}
            cursor = yield from self._through(page, before, entries)
            listing = Listing(entries=entries, count=len(entries), before=before.before + before.count, next=cursor)
            keep_listing(self.store, self.run, self.number, page, listing)
            self.seen.add(self.run, self.number, page, entries)
        yield self._following(page + 1, listing)

    def _following(self, page: int, before: Listing) -> Message:
        if before.next is None:
            return SourceExhausted(run=self.run, source=self.number, count=before.before + before.count)
        return ListingDue(run=self.run, source=self.number, page=page)

    def _through(
        self, page: int, before: Listing, entries: dict[str, Description]
    ) -> Generator[Message | Death, None, str | None]:
        """Look at every item of a page; note them in `entries`, and return the cursor of the next page."""
        with _naming(self.number), closing(self._opened()) as source:
            listed = self._listed(source, page, before.next or "")
            earlier = self.seen.before(self.store, self.run, self.number, page)
            request = self._fetch_request()
            exclusion = Exclusion(self.wanted.exclude)
            for item in (each.without(exclusion, source.kind).showing(self.wanted.tags) for each in listed.items):
                self._stop_if_requested()
                entry = entry_id(source.kind, self.number, item.origin)
                if entry not in entries and entry not in earlier:
                    found = _looked_at(source, item, entry, replace(request, now=self.clock()), self.store)
                    entries[entry] = found.description
                    yield found.announced(self.run, self.number)
        return listed.next

    def _again(self, page: int, known: Listing) -> Iterator[Message | Death]:
        """Publish all entries of a page again, and look again at those that have died."""
        entries = dict(known.entries)
        with _naming(self.number), ExitStack() as opened:
            source: Source | None = None
            for entry, description in known.entries.items():
                self._stop_if_requested()
                found = Listed(entry, description)
                if is_dead(description):
                    source = source or opened.enter_context(closing(self._opened()))
                    found = _looked_at(source, item_of(description), entry, self._fetch_request(), self.store)
                    entries[entry] = found.description
                yield found.announced(self.run, self.number)
        if entries != known.entries:
            again = known.model_copy(update={"entries": entries})
            keep_listing(self.store, self.run, self.number, page, again)

    def _listed(self, source: Source, page: int, cursor: str) -> Page:
        """Return what the source lists on a page: as it was written down, or asked for now."""
        due = ListingDue(run=self.run, source=self.number, page=page)
        listed = recall_page(self.store, due)
        if listed is None:
            listed = source.page(cursor)
            keep_page(self.store, due, listed)
        return listed

    def _fetch_request(self) -> FetchRequest:
        """Return how an item is asked for at this moment: to go through a source can take a day."""
        retry_failed = self.store.exists(keys.retry_failed(self.run))
        return FetchRequest(self.run, self.wanted.limits, self.clock(), retry_failed)

    def _opened(self) -> Source:
        section = with_addresses(self.wanted.sources[self.number], self.store)
        return open_source(section, self.conditions)

    def _stop_if_requested(self) -> None:
        if self.conditions.stopping():
            raise Interrupted


@contextmanager
def _naming(number: int) -> Iterator[None]:
    """Note at an error that nobody expected which source of the recipe it has ended."""
    try:
        yield
    except MagritteError:
        raise
    except Exception as error:
        kinds = ", ".join(type(each).__name__ for each in single_errors(error))
        error.add_note(f"{kinds} at sources[{number}] of the recipe")
        raise


def _looked_at(source: Source, item: Item, entry: str, request: FetchRequest, store: Objects) -> Listed:
    """Return what comes of an item; whatever goes wrong with it alone is its own fate.

    What `MagritteError`s say concerns the source, the store or the process, and passes.
    """
    try:
        if item.trouble is not None:
            raise item.trouble
        if item.drop is not None:
            return Listed(entry, described_as_refused(item, item.drop))
        record = fetch(source, item, request, store)
        return Listed(entry, described(item, record), fresh=record.fresh)
    except MagritteError:
        raise
    except Exception as error:
        error.add_note(f"at {shown(item.origin)}")
        return Listed(entry, described_as_dead(item, error), error)
