"""Both boards can be started by hand."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.boards.conftest import Connect

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def started(*words: str) -> Iterator["subprocess.Popen[str]"]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True) as board:
        try:
            yield board
        finally:
            board.kill()


def line(board: "subprocess.Popen[str]") -> str:
    assert board.stdout is not None
    return board.stdout.readline().strip()


def test_a_danbooru_prints_its_address_and_in_the_end_what_it_was_asked(connect: Connect) -> None:
    words = ["--posts", "5", "--side", "8", "--hidden", "0", "--fault", "404@/original/*@1"]
    with started("tests.servers.boards.danbooru", *words) as board:
        address = line(board)
        client = connect(address)
        rows = client.get("/posts.json").json()
        assert len(rows) == 5
        assert [client.get(row["file_url"]).status_code for row in rows] == [404, 200, 200, 200, 200]
        board.terminate()
        assert line(board).startswith(f"{address}: 6 requests, at most 1 connections at once")
        assert board.wait(20) == 0


def test_a_pixiv_prints_its_addresses_and_a_refresh_token(connect: Connect) -> None:
    with started("tests.servers.boards.pixiv", "--works", "5") as board:
        address, files, token = line(board).split()
        form = {"client_id": "i", "client_secret": "s", "grant_type": "refresh_token", "refresh_token": token}
        assert connect(address).post("/auth/token", data=form).status_code == 200
        assert connect(files).get("/common/images/limit_sanity_level_360.png").status_code == 200
        board.terminate()
        assert board.wait(20) == 0
