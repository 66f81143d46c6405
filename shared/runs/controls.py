"""Controls of stages and runs at work (pause, cancel): objects in the store that every process polls.

They lie in the store and not on the bus because they must hold for processes that start later, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.contract import keys
from shared.contract.errors import Poison
from shared.store.interface import Store


@dataclass(frozen=True)
class Controls:
    """Controls in force: stages that take no work, runs for which nothing is to be done."""

    paused: frozenset[str] = frozenset()
    cancelled: frozenset[str] = frozenset()


def controls_in_force(store: Store) -> Controls:
    """Find all controls in the store. Files that are none, as a cloud drive's copies, ask for nothing."""
    found = list(_found(store))
    paused, cancelled = (
        frozenset(name for kind, name in found if kind == wanted) for wanted in ("paused", "cancelled")
    )
    return Controls(paused, cancelled)


def pause(store: Store, stage: str) -> None:
    """Let every process of a stage finish what it is at and take nothing more."""
    store.put(keys.paused(stage), b"{}")


def unpause(store: Store, stage: str) -> None:
    """Undo `pause`."""
    store.delete(keys.paused(stage))


def cancel(store: Store, run: str) -> None:
    """Let every message of a run be forgotten as it comes up, until `registry.try_again`; what was made stays."""
    store.put(keys.cancelled(run), b"{}")


def _found(store: Store) -> Iterator[tuple[str, str]]:
    for key in store.list(keys.CONTROLS):
        try:
            yield keys.parse_control(key)
        except Poison:
            continue
