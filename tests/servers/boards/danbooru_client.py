"""What tests ask a loopback Danbooru, and a small one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from demo.board.pictures import noise
from tests.servers.boards.danbooru import Mixture, Post

SMALL = Mixture(posts=120, size=(16, 16), hidden=0.1, deleted=0.1, ratings={"g": 6, "s": 3, "q": 1})


EVERYTHING = "margot_(magritte)"


def some_posts(number: int, **fields: Any) -> list[Post]:
    start = datetime(2024, 5, 1, 12, tzinfo=UTC)
    return [
        Post(
            100 + i, start + timedelta(hours=i), noise(f"post {i}", size=(16, 16)), {"character": ("margot",)}, **fields
        )
        for i in range(number)
    ]


def found(client: httpx.Client, tags: str, **parameters: str | int) -> list[dict[str, Any]]:
    answer = client.get("/posts.json", params={"tags": tags, "limit": 200, **parameters})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def ids(client: httpx.Client, tags: str, **parameters: str | int) -> list[int]:
    return [row["id"] for row in found(client, tags, **parameters)]
