"""The command line, called as a person does, on a store of its own."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from services.magritte.main import app
from services.magritte.pipeline import PIPELINE
from shared.bus.rabbitmq import RabbitMQBus
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore
from tests.servers.rabbitmq import RabbitMQServer

Magritte = Callable[..., Result]


def unstyled(text: str) -> str:
    """What a terminal shows, without colours and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.setenv("MAGRITTE_STORE", f"folder:{tmp_path / 'data'}")
    monkeypatch.setenv("MAGRITTE_BUS", "memory:")
    return FolderStore(tmp_path / "data")


@pytest.fixture
def run(store: FolderStore, recipe: Recipe) -> str:
    """An unfinished run."""
    return open_run(store, recipe).name


@pytest.fixture
def broker(store: FolderStore, rabbitmq: RabbitMQServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a virtual host at a real broker, which the environment names too; it has no queues yet."""
    vhost = rabbitmq.vhost()
    monkeypatch.setenv("MAGRITTE_BUS", rabbitmq.address(vhost))
    yield rabbitmq.address(vhost)
    rabbitmq.remove_vhost(vhost)


@pytest.fixture
def bus(broker: str) -> Iterator[RabbitMQBus]:
    """The bus at that broker, which makes the queues."""
    bus = RabbitMQBus(broker, PIPELINE.queues)
    bus.connect(30.0)
    yield bus
    bus.close()


@pytest.fixture
def magritte(store: FolderStore) -> Iterator[Magritte]:
    """`magritte WORDS...`; its `exception` is what ends the command with a message."""
    yield lambda *words: CliRunner().invoke(app, words)
    structlog.reset_defaults()  # some commands set up the log of their process
