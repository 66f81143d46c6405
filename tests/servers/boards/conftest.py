"""Clients that say who they are, as the boards want it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.servers.boards.pixiv import Pixiv
from tests.servers.boards.pixiv_client import refreshed

Connect = Callable[..., httpx.Client]
SignedIn = Callable[[Pixiv], httpx.Client]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens a client of an address; it is closed after the test."""
    with ExitStack() as open_clients:

        def opened(address: str, name: str = "Magritte/0.1 (tests)", **headers: str) -> httpx.Client:
            client = httpx.Client(
                base_url=address, headers={"User-Agent": name, **headers}, timeout=20, trust_env=False
            )
            return open_clients.enter_context(client)

        yield opened


@pytest.fixture
def signed_in(connect: Connect) -> SignedIn:
    """Opens a client of a Pixiv that has an access token."""

    def client(board: Pixiv) -> httpx.Client:
        opened = connect(board.address)
        opened.headers["Authorization"] = f"Bearer {refreshed(opened).json()['access_token']}"
        return opened

    return client
