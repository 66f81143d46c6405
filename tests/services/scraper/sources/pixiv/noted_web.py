"""The polite client of the web without its pauses, for tests over loopback."""

from services.scraper.sources import Conditions, Fetched
from services.scraper.web.client import Manners, PoliteWeb
from services.scraper.web.hosts import Hosts
from services.scraper.web.interface import Expected, Reply, Request
from services.scraper.web.politeness import Politeness
from shared.contract.egress_policy import EgressPolicy
from shared.contract.reasons import Drop

NAME = "Magritte (tests)"
MAX_BYTES = 2**25
NOTHING = Expected()


class NotedWeb:
    """Asks as the scraper does, but at once, and notes what it is asked for and told to hold."""

    def __init__(self, refusals: int = 5) -> None:
        conditions = Conditions(MAX_BYTES, lambda: False, EgressPolicy.of("127.0.0.1 ::1"), Hosts())
        at_once = Politeness(pause=0, least_pause=0, back_off=0, least_back_off=0, refusals=refusals)
        self._web = PoliteWeb(conditions, Manners(at_once, name=NAME))
        self.requests: list[Request] = []
        self.held: list[str] = []

    def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        return self._web.ask(request)

    def download(self, request: Request, expected: Expected = NOTHING) -> Fetched | Drop:
        self.requests.append(request)
        return self._web.download(request, expected)

    def hold(self, address: str, seconds: float | None = None) -> None:
        self.held.append(address)
        self._web.hold(address, seconds)

    def close(self) -> None:
        self._web.close()
