"""The broker and the store that a command talks to."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.bus import Bus, open_bus
from shared.runtime import logs
from shared.settings import LogFormat, settings
from shared.store import Store, open_store

_PATIENCE = 10.0
"""Seconds that a person waits for a broker before being told that it does not answer."""


def store() -> Store:
    """The store of the environment."""
    return open_store(settings())


@contextmanager
def broker() -> Iterator[Bus]:
    """The broker of the environment. Raises `BusUnavailable` when it does not answer, `SettingsError` without one."""
    environment = settings()
    logs.set_up(environment.log or LogFormat.PRETTY, environment.log_level or "warning")
    bus = open_bus(environment.bus, environment.retry_pauses, "magritte command line")
    try:
        bus.connect(_PATIENCE)
        yield bus
    finally:
        bus.close()


def has_broker() -> bool:
    """Whether the environment names a broker; without one, runs happen within `magritte run`."""
    return settings().bus != "memory:"
