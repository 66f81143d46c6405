"""How a container's variables become the conditions under which its sources ask."""

from collections.abc import Callable

from services.scraper.declaration import ScraperEnvironment
from services.scraper.sources import Conditions
from services.scraper.sources.pixiv.session import PixivSession
from services.scraper.web.hosts import Hosts
from services.scraper.web.shared_turns import SharedTurns
from shared.contract.night import Night
from shared.contract.objects import Objects


def hosts_of(environment: ScraperEnvironment) -> Hosts:
    """Return the hosts of this process, which shares their turns with others of the machine."""
    return Hosts(shared=SharedTurns(environment.cache / "hosts"))


def conditions_of(
    environment: ScraperEnvironment,
    pixiv: PixivSession,
    hosts: Hosts,
    max_bytes: int = 0,
    stopping: Callable[[], bool] = lambda: False,
    store: Objects | None = None,
) -> Conditions:
    """Return the conditions of sources; without more than these three they list, fetch nothing and remember nothing."""
    return Conditions(
        max_bytes,
        stopping,
        environment.egress,
        hosts,
        contact=environment.contact,
        night=Night.of(environment.night) if environment.night else None,
        danbooru=environment,
        store=store,
        pixiv=pixiv,
    )
