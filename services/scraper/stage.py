"""Lists the sources of a run and brings the originals into the store."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from services.scraper.asking import conditions_of, hosts_of
from services.scraper.declaration import SCRAPER, ScraperEnvironment
from services.scraper.seen_entries import SeenEntries
from services.scraper.sources.pixiv.session import PixivSession
from services.scraper.walk import Walk, Wanted
from services.scraper.web.hosts import Hosts
from shared import gallery_dl
from shared.contract.messages import ListingDue, Message, RunRequested
from shared.contract.stage import Context, Death, Stage
from shared.pictures import Limits
from shared.recipe.recipe import Recipe


class Scraper(Stage[RunRequested | ListingDue, Wanted]):
    """RunRequested or ListingDue in; ImageFetched or ImageDropped out for every entry of a page, then what follows.

    A source is a chain of pages: each asks for the next one, and the last tells that the source is exhausted. What
    a page lists is written down before anything of it is fetched, and what came of every entry afterwards. Once that
    is there, the page is not gone through again: it is published as it was, and only entries that have died are tried
    again. A run that is requested again goes on at the page that it had come to.
    """

    declaration = SCRAPER

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._environment = ScraperEnvironment()
        self._pixiv = PixivSession(self._environment)
        self._hosts = Hosts()
        self._seen = SeenEntries()

    def setup(self, environment: ScraperEnvironment, settings: Wanted | None) -> None:
        self._environment = environment
        self._pixiv = PixivSession(environment)
        self._hosts = hosts_of(environment)
        if settings is not None:
            gallery_dl.check_installed(settings.sources)

    def settings(self, recipe: Recipe) -> Wanted:
        return Wanted(recipe.sources, Limits.of(recipe.pictures), recipe.exclude, recipe.character.tags)

    def process(
        self, message: RunRequested | ListingDue, settings: Wanted, context: Context
    ) -> Iterator[Message | Death]:
        conditions = conditions_of(
            self._environment, self._pixiv, self._hosts, settings.limits.max_bytes, context.stopping, context.store
        )
        walk = Walk(message.run, message.source, settings, context.store, conditions, self._clock, self._seen)
        return walk.known() if isinstance(message, RunRequested) else walk.page(message.page)


STAGES = (Scraper,)
