"""Pictures at http and https addresses."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from services.scraper.sources.source import PAGE, Conditions, Fetched, Item, Page
from services.scraper.web.client import ClientSettings, PoliteWeb
from services.scraper.web.connections import Resolve, resolve
from services.scraper.web.interface import Request
from services.scraper.web.politeness import Limits, Politeness
from shared.contract.errors import HostRefuses, Transient
from shared.contract.reasons import Drop, Reason
from shared.recipe import sources as recipe


class AddressesSource:
    """A list of addresses, asked one after the other with a pause in between, by a client that says who it is."""

    kind = "address"
    answers_vary = True

    def __init__(self, section: recipe.AddressesSource, conditions: Conditions, resolve: Resolve = resolve) -> None:
        self._section = section
        politeness = Politeness(section.pause, least_pause=0.0, back_off=2 * section.pause)
        limits = Limits(seconds=section.timeout)
        self._web = PoliteWeb(conditions, ClientSettings(politeness, limits), resolve)

    def page(self, cursor: str) -> Page:
        """Return the addresses on the lines that follow; `cursor` is the number of those before."""
        before = int(cursor or 0)
        lines = list(islice(self._lines(), before, before + PAGE))
        addresses = filter(None, map(_without_comment, lines))
        items = tuple(Item(address, address, score=self._section.score) for address in addresses)
        return Page(items, str(before + PAGE) if len(lines) == PAGE else None)

    def _lines(self) -> Iterator[str]:
        if not isinstance(self._section.urls, Path):
            yield from self._section.urls
            return
        try:
            with self._section.urls.open(encoding="utf-8-sig", errors="replace") as file:
                yield from file
        except OSError as error:
            raise Transient(f"the list {self._section.urls} cannot be read: {error.strerror}") from error

    def fetch(self, item: Item) -> Fetched | Drop:
        """Fetch an item; the time limit covers all its requests, but not the pauses. A list has many hosts: one that
        cannot be reached, or does not want to be asked, is the end of its own items alone.
        """
        try:
            return self._web.download(Request(item.place, {"Accept": "image/*,*/*;q=0.1"}))
        except (HostRefuses, Transient) as error:
            return Drop(Reason.FETCH_FAILED, str(error))

    def close(self) -> None:
        self._web.close()


def _without_comment(line: str) -> str:
    """Remove the comment from `line`: from a # at its start or after a space or tab; an address may contain a #."""
    return "" if line.lstrip().startswith("#") else line.split(" #")[0].split("\t#")[0].strip()
