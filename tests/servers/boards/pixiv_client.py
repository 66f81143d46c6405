"""What tests ask a loopback Pixiv, and a small one."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.servers.boards.pixiv import REFRESH_TOKEN
from tests.servers.boards.works import Work, Works

TAG = "マルゴ"


SMALL = Works(works=100, limited=0.1, adult=0.1, by_ai=0.2, size=(8, 8))


CLIENT = {"client_id": "id", "client_secret": "secret"}


REFERER = {"Referer": "https://app-api.pixiv.net/"}


def refreshed(client: httpx.Client, token: str = REFRESH_TOKEN) -> httpx.Response:
    return client.post("/auth/token", data={**CLIENT, "grant_type": "refresh_token", "refresh_token": token})


def search(client: httpx.Client, **parameters: str | int) -> httpx.Response:
    return client.get("/v1/search/illust", params={"word": TAG, **parameters})


def walked(client: httpx.Client, **parameters: str | int) -> list[dict[str, Any]]:
    """All rows, page after page; of the next page's address only the query is used."""
    rows: list[dict[str, Any]] = []
    page = search(client, **parameters).json()
    while page["next_url"]:
        rows += page["illusts"]
        page = search(client, **dict(parse_qsl(urlsplit(page["next_url"]).query))).json()
    rows += page["illusts"]
    return rows


def detail(client: httpx.Client, work: Work) -> dict[str, Any]:
    row: dict[str, Any] = client.get("/v1/illust/detail", params={"illust_id": work.id}).json()["illust"]
    return row
