"""Files a second that one client fetches of a loopback server without limits, and its processor time for each.

The server is a process of its own. Beside our client: a bare loop over httpx, which checks nothing, and a list of
addresses of one byte each, which shows what asking costs by itself.
"""

import argparse
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from random import Random

import httpx

from demo.board.messages import Answer, Request
from demo.board.server import Server
from services.scraper.web.client import ClientSettings, PoliteWeb
from services.scraper.web.conditions import Conditions
from services.scraper.web.hosts import Hosts
from services.scraper.web.interface import Expected
from services.scraper.web.interface import Request as Wanted
from services.scraper.web.politeness import Politeness
from shared.contract.egress_policy import EgressPolicy

BYTES = 200_000
FILE = Random(1).randbytes(BYTES)


def serve() -> None:
    """Serve a file, print the address, and stop when standard input ends."""

    def answer(request: Request) -> Answer:
        return Answer(200, FILE if request.path == "/file" else b"x", {"ETag": '"1"'})

    with Server(answer) as server:
        print(server.address, flush=True)
        sys.stdin.read()


@contextmanager
def server() -> Iterator[str]:
    """Start the server in another process and yield its address."""
    command = [sys.executable, "-m", "benchmarks.downloads", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


def measure(name: str, files: int, fetch: Callable[[], object]) -> None:
    """Fetch a file again and again and print its costs; the first ones are not counted."""
    for _ in range(10):
        fetch()
    start, used = time.perf_counter(), time.process_time()
    for _ in range(files):
        fetch()
    took, used = time.perf_counter() - start, time.process_time() - used
    print(f"{name:32} {files / took:6.0f} a second, {1000 * used / files:5.2f} ms of processor time each")


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    conditions = Conditions(2 * BYTES, lambda: False, EgressPolicy.of("127.0.0.1"), Hosts())
    expected = Expected(hashlib.md5(FILE, usedforsecurity=False).hexdigest(), BYTES)
    web = PoliteWeb(conditions, ClientSettings(Politeness(pause=0)))
    with server() as address, closing(web), httpx.Client(trust_env=False) as bare:
        measure("200 kB, checked", options.files, lambda: web.download(Wanted(f"{address}/file"), expected))
        measure("200 kB, httpx alone", options.files, lambda: bare.get(f"{address}/file").content)
        measure("1 byte", options.files, lambda: web.download(Wanted(f"{address}/byte")))
        measure("1 byte, httpx alone", options.files, lambda: bare.get(f"{address}/byte").content)


if __name__ == "__main__":
    main()
