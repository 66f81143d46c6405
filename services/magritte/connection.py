"""The broker and the store that a command talks to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.magritte import screen
from services.magritte.pipeline import PIPELINE, checked_settings
from shared.bus import Bus, open_bus
from shared.contract.errors import NotFound
from shared.recipe.own_folders import DRAWN, EXPORTS, RESULTS, REVIEWS, SHEETS, OwnFolder, output_folder, store_folder
from shared.runs.registry import latest_run
from shared.runtime import logs
from shared.settings import LogFormat, Settings
from shared.store import FolderStore, Store, open_store

_PATIENCE = 10.0
"""Seconds to wait for a broker before the command fails."""


def store() -> Store:
    """Open the store of the environment."""
    return open_store(checked_settings())


def found_run(name: str) -> tuple[Store, str]:
    """Return the store of the environment and the run there that a person means. Raises `NotFound`, with the store."""
    environment = checked_settings()
    here = open_store(environment)
    try:
        return here, latest_run(here, name, screen.skipped)
    except NotFound as error:
        raise NotFound(f"{error} ({address(here, environment)})") from error


def address(here: Store, environment: Settings) -> str:
    """Return where the store is, for a person: a whole path, or the address of the environment."""
    return str(here.root) if isinstance(here, FolderStore) else environment.store


def own_folders(recipe: Path) -> list[OwnFolder]:
    """Return the folders that commands write into, as far as they are on this machine; `run` beside the recipe's file.

    Where commands write by default counts once it is there: before that, they refuse to write into a source.
    """
    defaults = (
        ("fetch", "--to", RESULTS),
        ("draw", "--out", DRAWN),
        ("sheet", "--out", SHEETS),
        ("review export", "--out", REVIEWS),
        ("export", "--out", EXPORTS),
    )
    outputs = [output_folder(command, option, folder.absolute()) for command, option, folder in defaults]
    beside = recipe.absolute().parent / RESULTS
    outputs += [output_folder("run", "--results", beside)] if beside != RESULTS.absolute() else []
    environment = checked_settings()
    here = open_store(environment) if environment.store.startswith("folder:") else None
    stores = [store_folder(here.root)] if isinstance(here, FolderStore) else []
    return [*stores, *(folder for folder in outputs if folder.path.is_dir())]


@contextmanager
def broker() -> Iterator[Bus]:
    """Connect to the broker. Raises `BusUnavailable` when it does not answer, `SettingsError` when none is set."""
    environment = checked_settings()
    logs.set_up(environment.log or LogFormat.PRETTY, environment.log_level or "warning")
    bus = open_bus(environment.bus, PIPELINE.queues, environment.retry_pauses, "magritte command line")
    try:
        bus.connect(_PATIENCE)
        yield bus
    finally:
        bus.close()


def has_broker() -> bool:
    """Say whether the environment names a broker; without one, runs happen within `magritte run`."""
    return checked_settings().bus != "memory:"
