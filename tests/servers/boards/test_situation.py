"""A whole situation, with a client that does no more than it must: what comes of it can be reckoned."""

import hashlib

import httpx

from tests.servers.boards import faults
from tests.servers.boards.conftest import Connect
from tests.servers.boards.danbooru import Danbooru, Fault, Faults, Mixture

FILES = "/original/*"


def asked_until_there(client: httpx.Client, address: str) -> httpx.Response:
    """Ask again at once for as long as a server is not available."""
    while (answer := client.get(address)).status_code == 503:
        continue
    return answer


def walked(client: httpx.Client) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    page = "b999999999"
    while True:
        found = asked_until_there(client, f"/posts.json?tags=margot_(magritte)&limit=200&page={page}").json()
        rows += found
        if len(found) < 200:
            return rows
        page = f"b{found[-1]['id']}"


def test_450_posts_with_hidden_missing_and_unavailable_ones_take_470_requests_and_leave_428_files(
    connect: Connect,
) -> None:
    spoiling = Faults(
        Fault(faults.unavailable(), "/posts.json", after=1, times=1),
        Fault(faults.unavailable(), FILES, times=1, each=True, most_paths=28),
        Fault(faults.not_found(), FILES, share=0.1, most_paths=10),
    )
    with Danbooru(Mixture(posts=450, hidden=0, size=(16, 16)), around=spoiling) as board:
        for post in board.posts[::37][:12]:
            board.change(post.id, is_banned=True)
        client = connect(board.address)
        rows = [row for row in walked(client) if "file_url" in row]
        files = {row["md5"]: asked_until_there(client, row["file_url"]) for row in rows}
        kept = {md5: answer.content for md5, answer in files.items() if answer.status_code == 200}
        assert len(board.log.requests_for("/posts.json")) == 4
        assert len(board.log.requests_for(FILES)) == 466
    assert len(kept) == 428
    assert all(hashlib.md5(content).hexdigest() == md5 for md5, content in kept.items())
