"""A private RabbitMQ and a private S3 server for a benchmark, those of the tests."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.settings import Settings
from tests.servers.rabbitmq import RabbitMQServer
from tests.servers.radosgw import Radosgw


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Start both servers and yield the environment that leads to them. Raises SystemExit without them."""
    missing = [*RabbitMQServer.missing(), *Radosgw.missing()]
    if missing:
        raise SystemExit(f"needs {', '.join(missing)}: `make test` installs them where it may")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "radosgw")
        folder.mkdir()
        with RabbitMQServer(Path(scratch, "rabbitmq")) as rabbitmq, Radosgw(folder) as radosgw:
            yield radosgw.environment("benchmark") | {"MAGRITTE_BUS": rabbitmq.address()}


def settings_of(environment: dict[str, str]) -> Settings:
    """Return the settings that a process with this environment would have."""
    return Settings.model_validate(
        {name.removeprefix("MAGRITTE_").lower(): value for name, value in environment.items()}
    )
