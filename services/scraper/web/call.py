"""A call of a source: one request, with its redirects and further attempts."""

import base64
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx

from services.scraper.web.address import host_of, is_same_server, parsed, port_of, shown
from services.scraper.web.answers import Head, Redirect
from services.scraper.web.interface import Request
from services.scraper.web.watch import Watch
from shared.contract.reasons import Drop, Reason

REDIRECTS = 5

_PERSONAL = frozenset({"authorization", "cookie"})
"""Headers that no other server gets, secret or not."""

RawHeaders = list[tuple[bytes, bytes]]


class Call:
    """A request with its redirects and attempts; its secrets and forms go to their own server alone."""

    def __init__(self, request: Request, url: httpx.URL, watch: Watch) -> None:
        self.url = url
        self.watch = watch
        self.attempts = 0
        self.is_over = False
        self._request = request
        self._first = url
        self._form = request.form
        self._redirects = 0
        self._cookies: httpx.Cookies | None = None

    @property
    def method(self) -> str:
        """GET, or POST with a form."""
        return "GET" if self._form is None else "POST"

    def content(self) -> bytes:
        """Return the body of the request."""
        return b"" if self._form is None else urlencode(self._form).encode("ascii")

    def headers(self, common: Mapping[str, str], more: Mapping[str, str]) -> RawHeaders:
        """Return the headers of the next request: those of the request before `common` ones, and `more`."""
        headers = {"host": self.url.netloc.decode("ascii")}
        headers |= {name.lower(): value for name, value in common.items()}
        if self.url.userinfo:
            headers["authorization"] = _basic(self.url)
        is_at_home = is_same_server(self.url, self._first) or self._is_secured()
        own = {name.lower(): value for name, value in self._request.headers.items()}
        headers |= own if is_at_home else {name: value for name, value in own.items() if name not in _PERSONAL}
        if is_at_home:
            headers |= {name.lower(): value for name, value in self._request.secret.items()}
        if self._form is not None:
            headers |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(self.content()))}
        if cookie := self._cookie():
            headers["cookie"] = f"{headers['cookie']}; {cookie}" if "cookie" in headers else cookie
        headers |= {name.lower(): value for name, value in more.items()}
        return [(name.title().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]

    def _is_secured(self) -> bool:
        """Return whether this is the first server again, by https in place of http."""
        servers = (self._first.scheme, port_of(self._first)), (self.url.scheme, port_of(self.url))
        return self._first.raw_host == self.url.raw_host and servers == (("http", 80), ("https", 443))

    def hiding_secrets(self, error: Exception) -> str:
        """Return the text of an error about the request, without what nobody may see."""
        hidden = self._request.secret or self._form or self.url.userinfo
        return f"{type(error).__name__} about its headers" if hidden else str(error)

    def remember(self, head: Head) -> None:
        """Keep the cookies of an answer for the rest of the way."""
        if head.cookies:
            self._cookies = self._cookies or httpx.Cookies()
            asked = self._bare()
            cookies = [("set-cookie", cookie) for cookie in head.cookies]
            self._cookies.extract_cookies(httpx.Response(head.status, headers=cookies, request=asked))

    def _cookie(self) -> str:
        if self._cookies is None:
            return ""
        asked = self._bare()
        self._cookies.set_cookie_header(asked)
        return str(asked.headers.get("cookie", ""))

    def _bare(self) -> httpx.Request:
        """Return a request for httpx's cookies; given its Host, it does not undo the ASCII form of a name."""
        return httpx.Request("GET", self.url, headers={"Host": self.url.netloc.decode("ascii")})

    def redirect(self, to: Redirect) -> Drop | None:
        """Go to another address; return why not if that may not be asked."""
        self._redirects += 1
        if self._redirects > REDIRECTS:
            return Drop(Reason.FETCH_FAILED, f"more than {REDIRECTS} redirects")
        try:
            joined = str(self.url.join(to.to))
        except (httpx.InvalidURL, ValueError) as error:
            return Drop(Reason.FETCH_FAILED, f"redirected to no address, {shown(to.to)}: {error}"[:300])
        url = parsed(joined)
        if isinstance(url, Drop):
            return url
        if self._form is not None and to.status not in (307, 308):
            self._form = None
        if self._form is not None and not is_same_server(url, self._first):
            return Drop(Reason.FETCH_FAILED, f"redirected to {host_of(url)[:80]}, which is sent no form")
        self.url = url
        return None


def _basic(url: httpx.URL) -> str:
    return "Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
