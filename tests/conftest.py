"""Real servers for the tests, each started when the first test asks for it and stopped at the end; and a recipe."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from tests.servers.rabbitmq import RabbitMQServer
from tests.servers.radosgw import Radosgw

# Hypothesis would fail an example that takes longer than 200 ms, as any may while something else runs beside it.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


@pytest.fixture(autouse=True)
def _log_of_one_test() -> Iterator[None]:
    """Forget how a command has set logging up: to a standard error that is closed when its test is over."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True, scope="session")
def _caches_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what programs cache, such as when hosts may be asked again, apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(scope="session")
def radosgw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radosgw]:
    """An S3 server with one user; tests have buckets or prefixes of their own."""
    _need(Radosgw.missing())
    with Radosgw(tmp_path_factory.mktemp("radosgw")) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQServer]:
    """A message broker; tests have virtual hosts of their own."""
    _need(RabbitMQServer.missing())
    with RabbitMQServer(tmp_path_factory.mktemp("rabbitmq") / "node") as server:
        yield server


@pytest.fixture
def recipe() -> Recipe:
    """The shortest useful recipe."""
    return Recipe.model_validate({"name": "anya", "sources": [FolderSource.model_validate({"folder": "pictures"})]})


def _need(missing: list[str]) -> None:
    """Skip the test if programs are missing, but fail it where continuous integration should have them."""
    if missing:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"needs {', '.join(missing)}: `make test` installs the servers where it may")
