"""What three runs over one board cost the scraper and gallery-dl: requests, files kept, processor time.

The scraper asks the board by its own client, and again through gallery-dl, which then lists and fetches nothing. The
board is of Danbooru's kind, on loopback, in a process of its own, anew for each of the three: 450 posts of 200 kB, some
hidden, 10 files missing for good, 28 files and a page of the listing out of order once. The runs are a first one, a
second one at which nothing is new, and a third one after 15 new posts and 5 posts whose file was replaced.
"""

import argparse
import hashlib
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.boards import scraped, searched
from demo.board.danbooru import Danbooru
from demo.board.pictures import noise
from demo.board.posts import Mixture
from shared import gallery_dl
from shared.runtime import logs
from shared.settings import LogFormat
from shared.store import FolderStore
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault, Faults

RUNS = ("first run", "nothing new", "15 new, 5 replaced")
NEW, REPLACED = 15, 5
SEARCH = "/posts?tags=margot_(magritte)"


@dataclass(frozen=True)
class Cost:
    """The costs of a run; `kept` are the files that the board has then, `replaced` those of posts with another one."""

    requests: int
    kept: int
    gained: int
    replaced: int
    seconds: float

    def __str__(self) -> str:
        each = f", {1000 * self.seconds / self.gained:.1f} ms for each new file" if self.gained else ""
        return (
            f"{self.requests:4} requests, {self.kept} files of the board kept, {self.replaced} of those replaced, "
            f"{self.seconds:.2f} s of processor time{each}"
        )


def spoiling() -> Faults:
    """Return the faults of the board."""
    return Faults(
        Fault(faults.not_found(), "/original/*", share=0.1, most_paths=10),
        Fault(faults.unavailable(), "/original/*", times=1, each=True, most_paths=28, seed=2, share=0.5),
        Fault(faults.unavailable(), "/posts.json", after=1, times=1),
    )


def serve(posts: int, pipe: Connection) -> None:
    """Serve a board; answer how many requests there were and which files there are, and change it when told to."""
    with Danbooru(Mixture(posts=posts, deleted=0), around=spoiling()) as board:
        for post in board.posts:
            board.md5(post)
        pipe.send(board.address)
        replaced: set[str] = set()
        while command := pipe.recv():
            replaced |= change(board) if command == "change" else set()
            pipe.send((len(board.log), {board.md5(post) for post in board.posts}, replaced))


def change(board: Danbooru) -> set[str]:
    """Add posts, and give another file to some that have been fetched; return the MD5s of these files."""
    served = {entry.path.rpartition("/")[2][:32] for entry in board.log if entry.status == 200}
    fetched = [post for post in board.posts if board.md5(post) in served]
    board.add(NEW)
    others = [board.replace_file(post.id, noise(f"another {post.id}")) for post in fetched[:REPLACED]]
    return {board.md5(post) for post in others}


@contextmanager
def board(posts: int) -> Iterator[tuple[str, Connection]]:
    """Serve a board in a process of its own; yield its address and the pipe to it."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(posts, there))
    process.start()
    try:
        yield here.recv(), here
    finally:
        here.send("")
        process.join(30)


def told(pipe: Connection, command: str) -> tuple[int, set[str], set[str]]:
    """Send a command to a board, and return its requests, the files that it has, and which of these are replaced."""
    pipe.send(command)
    answer: tuple[int, set[str], set[str]] = pipe.recv()
    return answer


def by_the_scraper(address: str, folder: Path, number: int) -> None:
    """Let the scraper walk through the board."""
    scraped(FolderStore(folder), f"bench-{number:03}", searched(address))


def through_gallery_dl(address: str, folder: Path, number: int) -> None:
    """Let the scraper fetch what gallery-dl lists."""
    wanted = {"address": address + SEARCH, "software": "Danbooru", "pause": 0}
    scraped(FolderStore(folder), f"bench-{number:03}", {"gallery": wanted})


def by_gallery_dl(address: str, folder: Path, number: int) -> None:
    """Let gallery-dl download what it lists, with an archive of what it has seen."""
    command = [str(gallery_dl.program()), "--config-ignore", "--quiet", "--no-input", "--destination", str(folder)]
    command += ["--download-archive", str(folder / "seen.sqlite3"), "--", f"Danbooru:{address}{SEARCH}"]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)


WAYS = {"scraper": by_the_scraper, "through gallery-dl": through_gallery_dl, "gallery-dl": by_gallery_dl}


def processor_seconds() -> float:
    """Return the processor time of this process, and of those that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def files_in(folder: Path) -> set[str]:
    """Return the MD5 of every file in a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() for path in paths}


def costs(posts: int, walk: Callable[[str, Path, int], None]) -> Iterator[Cost]:
    """Yield the cost of each of the runs."""
    with tempfile.TemporaryDirectory() as scratch, board(posts) as (address, pipe):
        folder = Path(scratch)
        for number in range(len(RUNS)):
            before, _, _ = told(pipe, "change" if number == 2 else "look")
            held, used = files_in(folder), processor_seconds()
            walk(address, folder, number)
            used = processor_seconds() - used
            requests, present, replaced = told(pipe, "look")
            found = files_in(folder) & present
            yield Cost(requests - before, len(found), len(found - held), len(found & replaced), used)


def main() -> None:
    """Print the costs of all, and their ratios to those of gallery-dl."""
    logs.set_up(LogFormat.PRETTY, "error")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=450)
    options = parser.parse_args()
    found = {way: list(costs(options.posts, walk)) for way, walk in WAYS.items()}
    for number, run in enumerate(RUNS):
        print(f"{run}:")
        least = found["gallery-dl"][number]
        for way, several in found.items():
            cost = several[number]
            print(f"  {way:18} {cost}")
            print(
                f"{'':20} {cost.requests / least.requests:.2f} times the requests of gallery-dl, "
                f"{cost.seconds / least.seconds:.2f} times the processor time"
            )


if __name__ == "__main__":
    main()
