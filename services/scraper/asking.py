"""How a container's variables become the conditions under which its sources ask."""

from collections.abc import Callable

from services.scraper.declaration import ScraperEnvironment
from services.scraper.sources import Conditions
from services.scraper.sources.pixiv.session import PixivSession
from shared.contract.night import Night
from shared.contract.objects import Objects


def conditions_of(
    environment: ScraperEnvironment,
    pixiv: PixivSession,
    max_bytes: int = 0,
    stopping: Callable[[], bool] = lambda: False,
    store: Objects | None = None,
) -> Conditions:
    """Return the conditions of sources; without more than these two they list, fetch nothing and remember nothing."""
    return Conditions(
        max_bytes,
        stopping,
        environment.egress,
        contact=environment.contact,
        night=Night.of(environment.night) if environment.night else None,
        danbooru=environment,
        store=store,
        pixiv=pixiv,
    )
