"""A board as a program: its addresses first, then, when it is interrupted or terminated, what it was asked."""

import signal
from collections.abc import Sequence

from demo.board.server import Server

_ENDS = {signal.SIGINT, signal.SIGTERM}


def hold_signals() -> None:
    """Keep the signals that end a program for `serve`; called before there are threads."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)


def serve(servers: Sequence[Server], *words: str) -> None:
    """Print the addresses of servers and the words, wait for the end, and sum up their logs."""
    print(*dict.fromkeys(server.address for server in servers), *words, flush=True)  # noqa: T201
    signal.sigwait(_ENDS)
    for server in dict.fromkeys(servers):
        log = server.log
        told = f"{len(log)} requests, at most {log.most_connections} connections at once"
        print(f"{server.address}: {told}, at least {log.smallest_pause:.3f} s apart", flush=True)  # noqa: T201
