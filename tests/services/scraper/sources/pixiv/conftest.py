"""Sources of a loopback Pixiv, and walks through them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from services.scraper.sources import Conditions, Fetched, Item, Page, Source, open_source
from services.scraper.sources.pixiv.session import PixivSession
from services.scraper.web.client import ClientSettings, PoliteWeb
from services.scraper.web.hosts import Hosts
from services.scraper.web.politeness import Politeness
from shared.contract.egress_policy import EgressPolicy
from shared.contract.environment import PixivEnvironment
from shared.contract.reasons import Reason
from shared.recipe import pixiv as recipe
from shared.store import FolderStore
from tests.servers.boards.pixiv import REFRESH_TOKEN, Pixiv
from tests.servers.boards.pixiv_client import TAG
from tests.services.scraper.web.conftest import SkippedTime

MAX_BYTES = 2**25
CONTACT = "anya@example.net"


@dataclass(frozen=True)
class Opened:
    """A source that is open, and the time that it has waited, which passes at once."""

    source: Source
    time: SkippedTime

    def pages(self) -> Iterator[Page]:
        """All pages of the listing."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.source.page(cursor)
            yield page
            cursor = page.next

    def items(self) -> dict[str, Item]:
        """All items by their origins; of one that comes twice, the first."""
        items: dict[str, Item] = {}
        for page in self.pages():
            for item in page.items:
                items.setdefault(item.origin, item)
        return items

    def kept(self) -> dict[str, bytes]:
        """The bytes of all items that are not refused, fetched, by their origins."""
        fetched = {item.origin: self.source.fetch(item) for item in self.items().values() if not item.drop}
        return {origin: found.data for origin, found in fetched.items() if isinstance(found, Fetched)}

    def reasons(self) -> dict[str, Reason | None]:
        """The reason of each item that is refused, and None of the others."""
        return {origin: item.drop.reason if item.drop else None for origin, item in self.items().items()}


Open = Callable[..., Opened]


def session_of(token: str = REFRESH_TOKEN) -> PixivSession:
    """A session of an account of the loopback board."""
    return PixivSession(PixivEnvironment(pixiv_refresh_token=SecretStr(token)))


def web_of(board: Pixiv) -> str:
    """The address of a board's web pages, which have a host of their own: it may refuse while the API does not."""
    return board.address.replace("127.0.0.1", "localhost")


def section_of(board: Pixiv, **fields: Any) -> recipe.PixivSource:
    """A section of a recipe that names a loopback board."""
    api, pictures = board.address, board.files.address
    addresses = {"api": api, "sign_in": api, "web": web_of(board), "pictures": pictures}
    return recipe.PixivSource.model_validate({"pixiv": {"word": TAG, "pause": 0, "addresses": addresses, **fields}})


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens a source of a loopback board; it is closed after the test."""
    sources = []

    def opened(
        board: Pixiv, session: PixivSession | None = None, store: FolderStore | None = None, **fields: Any
    ) -> Opened:
        time = SkippedTime()
        conditions = conditions_at(time, store=store, pixiv=session or session_of())
        source = open_source(section_of(board, **fields), conditions)
        sources.append(source)
        return Opened(source, time)

    yield opened
    for source in sources:
        source.close()


def conditions_at(time: SkippedTime, **others: Any) -> Conditions:
    """The conditions of a source that asks loopback boards; its pauses pass at once."""
    hosts = Hosts(time.clock, time.sleep)
    return Conditions(MAX_BYTES, lambda: False, EgressPolicy.of("127.0.0.1 ::1"), hosts, CONTACT, **others)


@pytest.fixture
def web() -> Iterator[PoliteWeb]:
    """The client of the web that loopback boards are asked with; a host that refuses is asked on and on."""
    client = PoliteWeb(conditions_at(SkippedTime()), ClientSettings(Politeness(pause=0, refusals=100)))
    yield client
    client.close()
