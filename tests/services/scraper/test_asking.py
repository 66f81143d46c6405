"""The conditions of sources, from a container's variables."""

from datetime import datetime

from pydantic import SecretStr

from services.scraper.asking import conditions_of
from services.scraper.declaration import ScraperEnvironment
from services.scraper.sources.pixiv.session import PixivSession
from services.scraper.web.hosts import Hosts


def test_whoever_asks_keeps_to_the_night_and_says_how_to_be_reached() -> None:
    environment = ScraperEnvironment(
        night="22:00-07:00",
        contact="anya@example.net",
        private_networks="127.0.0.1",
        danbooru_login="anya",
        danbooru_api_key=SecretStr("key"),
    )
    conditions = conditions_of(environment, PixivSession(environment), Hosts())
    assert conditions.night is not None
    assert conditions.night.covers(datetime(2026, 1, 1, 23))
    assert (conditions.contact, conditions.danbooru.danbooru_login) == ("anya@example.net", "anya")
    assert conditions.egress.refusal("127.0.0.1", 8000) is None
    assert conditions_of(ScraperEnvironment(), PixivSession(environment), Hosts()).night is None
