"""A Danbooru source that asks a loopback board over real connections."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from services.scraper.sources.danbooru.source import DanbooruSource
from services.scraper.sources.source import Conditions, Item
from services.scraper.web.hosts import Hosts
from shared.contract.egress_policy import EgressPolicy
from shared.contract.environment import DanbooruEnvironment
from shared.contract.reasons import Reason
from shared.recipe.danbooru import Danbooru as Wanted
from shared.recipe.danbooru import DanbooruSource as Section
from tests.servers.boards.danbooru import Danbooru
from tests.servers.boards.danbooru_client import EVERYTHING
from tests.services.scraper.web.conftest import SkippedTime

LOOPBACK = EgressPolicy.of("127.0.0.1")
Open = Callable[..., DanbooruSource]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens a search for all posts of a board; fields of the recipe's section change it."""
    with ExitStack() as stack:

        def opened(
            board: Danbooru, login: str = "", key: str = "", account_at: str = "", **fields: Any
        ) -> DanbooruSource:
            wanted = Wanted.model_validate({"tags": [EVERYTHING], "address": board.address, "pause": 0, **fields})
            account = DanbooruEnvironment(
                danbooru_address=account_at or board.address, danbooru_login=login, danbooru_api_key=SecretStr(key)
            )
            time = SkippedTime()
            hosts = Hosts(time.clock, time.sleep)
            conditions = Conditions(2**26, lambda: False, LOOPBACK, hosts, "anya@example.net", account)
            source = DanbooruSource(Section(danbooru=wanted), conditions)
            stack.callback(source.close)
            return source

        yield opened


def reasons(items: list[Item]) -> dict[int, Reason | None]:
    """Why each post is dropped, None for those that are kept, by their numbers."""
    return {int(item.origin): item.drop.reason if item.drop is not None else None for item in items}
