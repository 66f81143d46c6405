"""Work on several things at a time, in threads, with the results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], things: Iterable[T], threads: int) -> Iterator[tuple[T, R]]:
    """Yield each thing with its result, while as many of the next as there are `threads` are worked on.

    Whatever `work` raises about a thing is raised when that thing is due; what has not begun by then never does.
    """
    due: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(threads, "side-by-side") as pool:
        try:
            for thing in things:
                due.append((thing, pool.submit(work, thing)))
                if len(due) > threads:
                    yield _first(due)
            while due:
                yield _first(due)
        finally:
            for _, future in due:
                future.cancel()


def _first(due: deque[tuple[T, Future[R]]]) -> tuple[T, R]:
    thing, future = due.popleft()
    return thing, future.result()
