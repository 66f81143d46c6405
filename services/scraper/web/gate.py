"""A proxy on loopback for another program: what it asks goes out at our hosts' pace, to checked addresses alone.

Of https nothing is seen but when the program speaks and when the host does: each time that the program speaks after
the host has, it is taken to be a request, and waits for the host's turn.
"""

import base64
import re
import secrets
import select
import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Self

import httpcore
import httpx

from services.scraper.web.address import host_of, key_of, parsed, port_of, shown
from services.scraper.web.answers import Later
from services.scraper.web.conditions import Conditions
from services.scraper.web.connections import CheckedAddresses, Resolve, resolve
from services.scraper.web.hosts import GLANCE, Hosts
from services.scraper.web.politeness import Limits, Politeness
from services.scraper.web.watch import TimeOver, Watch
from shared.contract.errors import HostRefuses, Interrupted, MagritteError, RunUnusable
from shared.contract.reasons import Drop

_LONGEST_HEAD = 2**16
_PART = 2**16
_QUIET = 0.3
"""Seconds after the last byte of a host after which its answer counts as complete."""
_SILENCE = 120.0
"""Seconds that a host may say nothing."""
_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
_SERVER = re.compile(rb"^\w+://[^/?#]*")
_PASSWORD = re.compile(rb"\r\nproxy-authorization: *basic +(\S+)\r\n", re.IGNORECASE)
_OF_THE_HOP = re.compile(rb"\r\n(?:proxy-[a-z-]+|connection|keep-alive):[^\r\n]*", re.IGNORECASE)
_HANDSHAKE = (b"\x14", b"\x16")
"""First bytes of what a client says to begin TLS: nothing is asked for with it."""


class Gate(socketserver.ThreadingTCPServer):
    """Lets one program ask while its context lasts; `trouble` is why it was not let through, where that ends it."""

    daemon_threads = False  # a passage that outlived its gate would keep its wish for a pause

    def __init__(self, conditions: Conditions, politeness: Politeness, resolve: Resolve = resolve) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.politeness = replace(politeness, night=politeness.night or conditions.night)
        self.hosts = conditions.hosts
        self.trouble: MagritteError | None = None
        self.active = self.hosts.clock()
        self._egress, self._resolve, self._stopping = conditions.egress, resolve, conditions.stopping
        self._closing = threading.Event()
        self._word = secrets.token_urlsafe(24)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def address(self) -> str:
        """The address for the program alone: it has a password in it."""
        return f"http://magritte:{self._word}@127.0.0.1:{self.server_address[1]}"

    def knows(self, head: bytes) -> bool:
        """Return whether a request has the password."""
        pair = base64.b64encode(f"magritte:{self._word}".encode())
        found = _PASSWORD.search(head)
        return found is not None and secrets.compare_digest(found[1], pair)

    def addresses(self) -> CheckedAddresses:
        """Return what checks the address of one connection, and connects to it."""
        return CheckedAddresses(self._egress, self._resolve)

    def stopping(self) -> bool:
        """Return whether nothing shall be asked any more."""
        return self._closing.is_set() or self._stopping()

    def note(self) -> None:
        """Note that something goes on."""
        self.active = self.hosts.clock()

    def handle_error(self, *_: object) -> None:
        """Say nothing of a program that hangs up."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        self.hosts.forget(self)


class _Turns:
    """The turns of one connection at its host."""

    def __init__(self, hosts: Hosts, host: str, wait: Callable[[ExitStack], None]) -> None:
        self._hosts, self._host, self._wait = hosts, host, wait
        self._held: ExitStack | None = None

    def begin(self) -> None:
        """Wait for the host's turn; one that is held already has ended."""
        self.end()
        with ExitStack() as held:
            self._wait(held)
            self._held = held.pop_all()

    def answered(self) -> None:
        """Note that the host has said something: the pause counts from here."""
        self._hosts.answered(self._host)

    def end(self) -> None:
        """Let others ask the host."""
        if self._held is not None:
            self._held.close()
            self._held = None


class _Passage(socketserver.BaseRequestHandler):
    """Takes one connection of the program to where it wants to go."""

    server: Gate
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(_SILENCE)
        with suppress(OSError, Interrupted, TimeOver):
            head, rest = self._head()
            asked = _REQUEST.match(head)
            if asked is None or not self.server.knows(head):
                self._refuse("407 Proxy Authentication Required" if asked else "400 Bad Request")
                return
            is_tunnel = asked[1] == b"CONNECT"
            target = asked[2].decode("latin-1")
            url = parsed(f"https://{target}" if is_tunnel else target)
            if isinstance(url, Drop):
                self._refuse("403 Forbidden", f"{shown(target)}: {url.detail}")
            else:
                self._pass(url, rest if is_tunnel else _forwarded(head, asked) + rest, is_tunnel)

    def _head(self) -> tuple[bytes, bytes]:
        """Return the head of a request, and what has come after it."""
        data = b""
        while b"\r\n\r\n" not in data and len(data) < _LONGEST_HEAD:
            part = self.request.recv(_PART)
            if not part:
                raise ConnectionAbortedError
            data += part
        head, end, rest = data.partition(b"\r\n\r\n")
        return (head + end, rest) if end else (b"", b"")

    def _refuse(self, status: str, why: str = "") -> None:
        """Answer with a refusal; with `why` it is one that ends the program's work."""
        if why:
            self.server.trouble = self.server.trouble or RunUnusable(why)
        self.request.sendall(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())

    def _pass(self, url: httpx.URL, first: bytes, is_tunnel: bool) -> None:
        """Connect to the host of `url` if that is allowed, and carry bytes in both directions."""
        gate, addresses = self.server, self.server.addresses()
        limits = Limits(seconds=float("inf"), least_speed=0.0)
        with Watch(limits, gate.stopping, gate.hosts.clock).running():
            refused = addresses.check(url)
            if isinstance(refused, Drop):
                self._refuse("403 Forbidden", refused.detail)
                return
            is_public = not addresses.is_private()
            turns = _Turns(gate.hosts, key_of(url), lambda held: self._wait(held, key_of(url), is_public))
            try:
                turns.begin()
                stream = None if isinstance(refused, Later) else _connected(addresses, url)
                if stream is None:
                    self._refuse("502 Bad Gateway")
                    return
                with stream:
                    if is_tunnel:
                        self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    self._carry(stream, first, turns, b"" if is_tunnel else b"Connection: close\r\n")
            except HostRefuses as error:
                gate.trouble = gate.trouble or error
                self._refuse("403 Forbidden")
            finally:
                turns.end()

    def _wait(self, held: ExitStack, host: str, is_public: bool) -> None:
        """Wait until the host may be asked; the program's own patience does not matter meanwhile."""
        gate = self.server
        held.enter_context(gate.hosts.turn(host, gate.politeness, self._waiting))
        least = gate.politeness.least_pause if is_public else 0.0
        gate.hosts.requesting(host, gate, max(gate.politeness.pause, least), is_public)

    def _waiting(self) -> bool:
        self.server.note()
        return self.server.stopping()

    def _carry(self, host: socket.socket, first: bytes, turns: _Turns, header: bytes) -> None:
        """Carry bytes until one side has closed; each request waits for its turn.

        The `header` is put into the first answer.
        """
        host.settimeout(_SILENCE)
        host.sendall(first)
        host_spoke, quiet = False, 0.0
        while quiet < _SILENCE and not self.server.stopping():
            ready, _, _ = select.select([host, self.request], [], [], _QUIET if host_spoke else GLANCE)
            quiet += 0.0 if ready else GLANCE
            if not ready and host_spoke:
                turns.end()
            for side in ready:
                quiet = 0.0
                self.server.note()
                data = side.recv(_PART)
                if not data:
                    return
                if side is self.request:
                    if host_spoke and not data.startswith(_HANDSHAKE):
                        turns.begin()
                    host_spoke = False
                    host.sendall(data)
                else:
                    host_spoke = True
                    turns.answered()
                    self.request.sendall(_with_header(data, header))
                    header = b""


def _forwarded(head: bytes, asked: re.Match[bytes]) -> bytes:
    """Return the head of a request as its host wants it: without what is for a proxy, and one on a connection."""
    target = _SERVER.sub(b"", asked[2], count=1)
    path = target if target.startswith(b"/") else b"/" + target
    rest = _OF_THE_HOP.sub(b"", b"\r\n" + head[asked.end() :])
    return asked[1] + b" " + path + b" HTTP/1.1\r\nConnection: close" + rest


def _with_header(answer: bytes, header: bytes) -> bytes:
    """Return the beginning of an answer with one more header, if there is one to add."""
    line, end, rest = answer.partition(b"\r\n")
    return line + end + header + rest if end else answer


def _connected(addresses: CheckedAddresses, url: httpx.URL) -> socket.socket | None:
    """Return a connection to the addresses that were checked, None if none of them answers."""
    try:
        stream = addresses.connect_tcp(host_of(url), port_of(url))
    except (httpcore.ConnectError, httpcore.ConnectTimeout):
        return None
    found = stream.get_extra_info("socket")
    return found if isinstance(found, socket.socket) else None
