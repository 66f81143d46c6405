"""Which addresses may be asked at all, as far as their text tells; `connections` looks at where they lead."""

import re

import httpx

from shared.contract.egress_policy import PORTS
from shared.contract.reasons import Drop, Reason

_PORTS = range(1, 65536)
_USER = re.compile(r"//[^/?#]*@")


def parsed(address: str) -> httpx.URL | Drop:
    """Return an address, of a list or of a redirect, in its parts; or why it may not be fetched.

    Called before every single request. Ask the result for `raw_host`, never for `host`: that undoes the ASCII form of
    a name, and fails for names that browsers know and IDNA 2008 does not, such as those of emoji.
    """
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError) as error:
        return Drop(Reason.FETCH_FAILED, f"no address: {error}"[:300])
    if url.scheme not in ("http", "https") or not url.raw_host:
        return Drop(Reason.FETCH_FAILED, f"no http or https address: {shown(address)}")
    if url.port is not None and url.port not in _PORTS:
        return Drop(Reason.FETCH_FAILED, f"no address: the port {url.port} is not one of 1 to {_PORTS[-1]}"[:300])
    return url


def host_of(url: httpx.URL) -> str:
    """Return the host of an address as it is asked for: in ASCII, `xn--` and all."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    """Return the port of an address, as its scheme has it if it names none."""
    return url.port or (443 if url.scheme == "https" else 80)


def key_of(url: httpx.URL) -> str:
    """Return what a host's pace is kept under: its name, and its port where that is not one of web servers."""
    port = port_of(url)
    return host_of(url) if port in PORTS else f"{host_of(url)}:{port}"


def is_same_server(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether two addresses lead to the same server in the same way."""
    return (one.scheme, one.raw_host, port_of(one)) == (other.scheme, other.raw_host, port_of(other))


def without_user(url: httpx.URL) -> str:
    """Return an address without its user and password."""
    return _USER.sub("//", str(url), count=1) if url.userinfo else str(url)


def place_of(address: str) -> str:
    """Return what a person may see of the address of an API: nothing of its query, which may have a key in it."""
    return shown(address.partition("?")[0])


def shown(address: str) -> str:
    """Return an address for a person to recognise: its beginning, without user and password."""
    return _USER.sub("//", address)[:100]
