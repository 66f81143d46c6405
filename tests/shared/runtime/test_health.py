from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from shared.contract.errors import SettingsError
from shared.runtime import metrics
from shared.runtime.health import Health, HealthServer


class Clock:
    """Time that only the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock)


@pytest.fixture
def server(health: Health) -> Iterator[HealthServer]:
    server = HealthServer(health, port=0)
    yield server
    server.close()


def get(server: HealthServer, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_loop_that_never_ticked_is_not_alive(server: HealthServer) -> None:
    assert get(server, "/healthz") == (503, "no\n")


def test_a_loop_that_ticks_is_alive_and_one_that_has_stopped_ticking_is_not(
    server: HealthServer, health: Health, clock: Clock
) -> None:
    answers = []
    health.tick()
    for seconds in (0, 59, 2):
        clock.now += seconds
        answers.append(get(server, "/healthz")[0])
    health.tick()
    answers.append(get(server, "/healthz")[0])
    assert answers == [200, 200, 503, 200]


def test_a_process_is_ready_once_its_self_test_has_passed(server: HealthServer, health: Health) -> None:
    assert get(server, "/readyz") == (503, "no\n")
    health.ready = True
    assert get(server, "/readyz") == (200, "yes\n")


def test_metrics_are_served(server: HealthServer) -> None:
    metrics.ITEMS.labels("a-stage-of-this-test", "done").inc()
    status, text = get(server, "/metrics")
    assert status == 200
    assert 'magritte_items_total{outcome="done",stage="a-stage-of-this-test"} 1.0' in text


def test_elsewhere_there_is_nothing_but_a_hint(server: HealthServer) -> None:
    for path in ("/", "/healthz/", "/metrics.txt", "/../etc/passwd"):
        assert get(server, path) == (404, "there are /healthz, /readyz and /metrics\n")


def test_a_closed_server_answers_no_more(health: Health) -> None:
    server = HealthServer(health, port=0)
    server.close()
    with pytest.raises(ConnectionRefusedError):
        get(server, "/healthz")


def test_a_port_that_somebody_else_has_is_a_settings_error(health: Health, server: HealthServer) -> None:
    with pytest.raises(SettingsError, match=f"MAGRITTE_METRICS_PORT: {server.port}"):
        HealthServer(health, server.port)
