"""Lists the sources of a run and brings the originals into the store."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from services.scraper.declaration import SCRAPER
from services.scraper.entries import entry_id
from services.scraper.fetch_record import FetchRequest
from services.scraper.fetching import fetch
from services.scraper.listing import (
    Description,
    Listed,
    described,
    described_as_dead,
    is_dead,
    item_of,
    keep_listing,
    recall_listing,
)
from services.scraper.sources import Conditions, Item, Source, open_source
from services.scraper.sources.address import shown
from shared.contract import keys
from shared.contract.egress_policy import EgressPolicy
from shared.contract.environment import FetchingEnvironment
from shared.contract.errors import Interrupted, MagritteError
from shared.contract.messages import Message, RunRequested, SourceExhausted
from shared.contract.stage import Context, Death, Objects, Stage, single_errors
from shared.pictures import Limits
from shared.recipe import sources as recipe_sources
from shared.recipe.files import with_addresses
from shared.recipe.recipe import Recipe


@dataclass(frozen=True)
class Wanted:
    """A recipe's sources, and the limits of what is taken from them."""

    sources: tuple[recipe_sources.Source, ...]
    limits: Limits


class Scraper(Stage[RunRequested, Wanted]):
    """RunRequested in; ImageFetched or ImageDropped out for every entry of the source, then SourceExhausted.

    What came of every entry is written into the run's listing. Once that is there, the source is not gone through
    again: a redelivery is answered from the listing, and only entries that have died are tried again.
    """

    declaration = SCRAPER

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._egress = EgressPolicy()

    def setup(self, environment: FetchingEnvironment, settings: Wanted | None) -> None:
        self._egress = environment.egress

    def settings(self, recipe: Recipe) -> Wanted:
        return Wanted(recipe.sources, Limits.of(recipe.pictures))

    def process(self, message: RunRequested, settings: Wanted, context: Context) -> Iterator[Message | Death]:
        known = recall_listing(context.store, message)
        looking = _Looking(message, settings, context, self._egress, self._clock)
        entries: dict[str, Description] = {}
        for listed in looking.through() if known is None else looking.again(known):
            entries[listed.entry] = listed.description
            yield listed.announced(message)
        if entries != known:
            keep_listing(context.store, message, entries)
        yield SourceExhausted(run=message.run, source=message.source, count=len(entries))


STAGES = (Scraper,)


class _Looking:
    """A walk through one source of a run."""

    def __init__(
        self,
        request: RunRequested,
        wanted: Wanted,
        context: Context,
        egress: EgressPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._number = request.source
        self._sources = wanted.sources
        self._limits = wanted.limits
        self._context = context
        self._egress = egress
        self._clock = clock
        self._run = request.run
        self._retry_failed = context.store.exists(keys.retry_failed(request.run))

    def through(self) -> Iterator[Listed]:
        """Look at every item of the source. What it lists twice is one entry."""
        seen = set()
        with _naming(self._number), closing(self._opened()) as source:
            for item in source.items():
                self._stop_if_requested()
                entry = entry_id(source.kind, self._number, item.origin)
                if entry not in seen:
                    seen.add(entry)
                    yield _looked_at(source, item, entry, self._fetch_request(), self._context.store)

    def again(self, known: dict[str, Description]) -> Iterator[Listed]:
        """Tell of all entries of a listing, and look again at those that have died."""
        with _naming(self._number), closing(self._opened()) as source:
            for entry, description in known.items():
                self._stop_if_requested()
                if is_dead(description):
                    yield _looked_at(source, item_of(description), entry, self._fetch_request(), self._context.store)
                else:
                    yield Listed(entry, description)

    def _fetch_request(self) -> FetchRequest:
        """Return how an item is asked for at this moment: to go through a source can take a day."""
        return FetchRequest(self._run, self._limits, self._clock(), self._retry_failed)

    def _opened(self) -> Source:
        section = with_addresses(self._sources[self._number], self._context.store)
        return open_source(section, Conditions(self._limits.max_bytes, self._context.stopping, self._egress))

    def _stop_if_requested(self) -> None:
        if self._context.stopping():
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


def _looked_at(source: Source, item: Item, entry: str, fetch_request: FetchRequest, store: Objects) -> Listed:
    """Return what comes of an item; whatever goes wrong with it alone is its own fate.

    What `MagritteError`s say concerns the source, the store or the process, and passes.
    """
    try:
        if item.trouble is not None:
            raise item.trouble
        record = fetch(source, item, fetch_request, store)
        return Listed(entry, described(item, record), fresh=record.fresh)
    except MagritteError:
        raise
    except Exception as error:
        error.add_note(f"at {shown(item.origin)}")
        return Listed(entry, described_as_dead(item, error), error)
