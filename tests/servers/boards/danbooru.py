"""The loopback Danbooru with faults: `Danbooru(Mixture(posts=450), around=Faults(...))`.

By hand: `python -m tests.servers.boards.danbooru --posts 450 --fault 503@/original/*@28`.
"""

import argparse
from collections import Counter

from demo.board.danbooru import Account, Danbooru, Rules
from demo.board.posts import Mixture, Post
from tests.servers.boards.by_hand import hold_signals, serve
from tests.servers.boards.faults import NAMED, read
from tests.servers.boards.injection import Fault, Faults

__all__ = ["Account", "Danbooru", "Fault", "Faults", "Mixture", "Post", "Rules"]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A Danbooru on loopback; its address is the first line printed.")
    parser.add_argument("--posts", type=int, default=450)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hidden", type=float, default=0.03, help="share of the posts")
    parser.add_argument("--deleted", type=float, default=0.04, help="share of the posts")
    parser.add_argument("--ratings", default="g", help="their mixture: gggs is three quarters g and one s")
    parser.add_argument("--side", type=int, default=256, help="width and height of a picture of noise: 256 are 200 kB")
    parser.add_argument("--drawn", action="store_true", help="draw the demo's character instead of noise")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--files-host", help="another loopback address for the files, such as 127.0.0.2")
    parser.add_argument(
        "--fault", type=read, action="append", default=[], help=f"NAME[@PATH[@TIMES[@AFTER]]]: {', '.join(NAMED)}"
    )
    return parser


def main() -> None:
    asked = arguments().parse_args()
    mixture = Mixture(
        asked.posts,
        asked.seed,
        hidden=asked.hidden,
        deleted=asked.deleted,
        ratings=Counter(asked.ratings),
        size=(asked.side, asked.side),
        drawn=asked.drawn,
    )
    faults = Faults(*asked.fault)
    hold_signals()
    with Danbooru(mixture, around=faults, files_host=asked.files_host, port=asked.port) as board:
        serve([board.api, board.files])


if __name__ == "__main__":
    main()
