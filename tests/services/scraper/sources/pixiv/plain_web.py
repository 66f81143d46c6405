"""A client of the web without pauses, for tests over loopback."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from services.scraper.sources import Fetched
from services.scraper.web.interface import Expected, Reply, Request
from shared.contract.errors import HostRefuses, Transient
from shared.contract.reasons import Drop, Reason

NOTHING = Expected()


class PlainWeb:
    """Asks once, and notes what it is told to hold instead of waiting; a challenge is a refusal."""

    def __init__(self) -> None:
        self.client = httpx.Client(headers={"User-Agent": "Magritte (tests)"}, timeout=20, trust_env=False)
        self.requests: list[Request] = []
        self.held: list[str] = []

    def ask(self, request: Request) -> Reply:
        with self._answer(request) as answer:
            if answer.headers.get("cf-mitigated") == "challenge":
                raise HostRefuses(f"{answer.url.host} sends a challenge")
            return Reply(answer.status_code, dict(answer.headers), answer.content, str(answer.url))

    def download(self, request: Request, expected: Expected = NOTHING) -> Fetched | Drop:
        with self._answer(request) as answer:
            if answer.status_code != 200:
                return Drop(Reason.FETCH_FAILED, f"HTTP {answer.status_code} {answer.reason_phrase}")
            return Fetched(answer.content, {"url": str(answer.url)}, "content-length" in answer.headers)

    def hold(self, address: str, seconds: float | None = None) -> None:
        self.held.append(address)

    @contextmanager
    def _answer(self, request: Request) -> Iterator[httpx.Response]:
        self.requests.append(request)
        method, headers = "GET" if request.form is None else "POST", {**request.headers, **request.secret}
        try:
            answer = self.client.request(method, request.address, headers=headers, data=request.form)
        except httpx.TransportError as error:
            raise Transient(f"{request.address} cannot be asked: {error}") from error
        yield answer
