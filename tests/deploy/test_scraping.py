"""A worker and a broker at work tell all that rules and dashboards ask for, also to a real Prometheus."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.monitoring import (
    BROKER,
    CONFIGURATION,
    OF_EVENTS,
    OURS,
    PROCESS,
    PROMETHEUS,
    QUERIES,
    RULES,
    SUFFIXES,
    Query,
    need,
)
from tests.faults import conftest as faults
from tests.faults.place import SOON, Faces, Place, wait_until
from tests.servers.ports import free_ports
from tests.servers.rabbitmq import RabbitMQServer

ALERTS = [rule["alert"] for rule in RULES]
TOY = """
from shared.runtime.health import Health, HealthServer
from services.magritte.pipeline import checked_settings
from tests.faults import toy

HealthServer(Health(), checked_settings().metrics_port)
toy.main()
"""
PLUGIN = """
rabbit:await_startup(),
File = rabbit_plugins:enabled_plugins_file(),
ok = file:write_file(File, <<"[rabbitmq_prometheus].">>),
ok = application:set_env(rabbitmq_prometheus, tcp_config, [{{ip, "127.0.0.1"}}, {{port, {port}}}]),
element(1, rabbit_plugins:ensure(File)).
"""
NOT_IN_A_TOY = re.compile("magritte_(dropped|last_step)_")
"""It drops nothing, and none of its work is long."""

place, faces = faults.place, faults.faces


@pytest.fixture(scope="module")
def broker_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory, broker_port: int) -> Iterator[RabbitMQServer]:
    """A broker that tells Prometheus of itself, as the one in docker-compose.yml does."""
    need(*RabbitMQServer.missing())
    with RabbitMQServer(tmp_path_factory.mktemp("rabbitmq") / "node") as server:
        assert server.evaluate(PLUGIN.format(port=broker_port)) == "{ok, ok}"
        yield server


@pytest.fixture
def worker_port(place: Place, faces: Faces) -> int:
    """Where a worker listens that has copied faces and given one up."""
    (port,) = free_ports(1)
    place.start("-c", TOY, MAGRITTE_METRICS_PORT=str(port))
    faces.publish(b"", b"", b"broken")
    faces.wait()
    wait_until(lambda: 'age_seconds_count{stage="upscaler"} 3.0' in answer(port, "/metrics"), "three answers")
    return port


def answer(port: int, path: str) -> str:
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as found:
        return str(found.read().decode())


def exported(port: int, path: str) -> dict[str, set[str]]:
    """The names at an address of /metrics, with the labels of those that have series."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(answer(port, path)):
        found |= {family.name + suffix: set() for suffix in SUFFIXES.get(family.type, [""])}
        found |= {sample.name: set(sample.labels) for sample in family.samples}
    return found


def queried_of(names: dict[str, set[str]]) -> set[str]:
    return {name for query in QUERIES for name in query.names} & names.keys()


def test_a_worker_tells_all_that_is_asked_of_stages(worker_port: int) -> None:
    found = exported(worker_port, "/metrics")
    queried = queried_of(OURS) - OF_EVENTS
    assert (queried | queried_of(PROCESS)) - found.keys() == set()
    with_series = {name: found[name] for name in queried if found[name]}
    assert with_series == {name: OURS[name] for name in queried if not NOT_IN_A_TOY.search(name)}


def test_a_worker_tells_nothing_of_events_that_its_stage_does_not_emit(worker_port: int) -> None:
    assert OF_EVENTS
    assert exported(worker_port, "/metrics").keys() & OF_EVENTS == set()


def test_a_broker_tells_all_that_is_asked_of_it(worker_port: int, broker_port: int) -> None:
    *_, queues = CONFIGURATION["scrape_configs"]
    detailed = f"{queues['metrics_path']}?{urlencode(queues['params'], doseq=True)}"
    wait_until(lambda: 'queue="upscaler"' in answer(broker_port, detailed), "the broker to count its queues")
    found = exported(broker_port, "/metrics") | exported(broker_port, detailed)
    assert {name: found.get(name) for name in queried_of(BROKER)} == {name: BROKER[name] for name in queried_of(BROKER)}
    assert queried_of(BROKER) == BROKER.keys()


@dataclass(frozen=True)
class Asker:
    """A Prometheus that scrapes a worker and its broker every second."""

    port: int

    def query_api(self, path: str, **parameters: str) -> Any:
        found = json.loads(answer(self.port, f"/api/v1/{path}?{urlencode(parameters)}"))
        assert found["status"] == "success"
        return found["data"]

    def answers(self) -> bool:
        try:
            return answer(self.port, "/-/ready") != ""
        except OSError:
            return False

    def targets(self) -> dict[str, str]:
        """The health of each job's target."""
        return {target["labels"]["job"]: target["health"] for target in self.query_api("targets")["activeTargets"]}


@pytest.fixture
def prometheus(tmp_path: Path, worker_port: int, broker_port: int) -> Iterator[Asker]:
    need("prometheus")
    (port,) = free_ports(1)
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(_configuration_here(worker_port, broker_port)))
    shutil.copy(PROMETHEUS / "rules.yml", tmp_path)
    own = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *own], cwd=tmp_path, stdout=log, stderr=log)
    try:
        asker = Asker(port)
        wait_until(asker.answers, "an answer of Prometheus")
        yield asker
    finally:
        process.kill()
        process.wait(SOON)


def _configuration_here(worker_port: int, broker_port: int) -> dict[str, Any]:
    stages, *brokers = CONFIGURATION["scrape_configs"]
    worker = {"targets": [f"127.0.0.1:{worker_port}"], "labels": {"job": "upscaler"}}
    here = [{"job_name": stages["job_name"], "static_configs": [worker]}]
    here += [job | {"static_configs": [{"targets": [f"127.0.0.1:{broker_port}"]}]} for job in brokers]
    often = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    return CONFIGURATION | {"global": often, "scrape_configs": here}


def test_a_real_prometheus_has_an_answer_to_every_question(prometheus: Asker, faces: Faces) -> None:
    wait_until(lambda: set(prometheus.targets().values()) == {"up"}, "a scrape of all targets")
    assert prometheus.targets().keys() == {"upscaler", "rabbitmq", "rabbitmq-queues"}
    faces.publish(*[b"slow"] * 5)
    faces.wait()
    panels = {query for query in QUERIES if query.asker not in ALERTS}
    others = {query for query in panels if NOT_IN_A_TOY.search(query.expression) or "trainer" in query.expression}

    def unanswered() -> set[Query]:
        found = {query: prometheus.query_api("query", query=query.filled("upscaler", "10s")) for query in panels}
        return {query for query in panels if not found[query]["result"]}

    wait_until(lambda: unanswered() <= others, "answers to all questions about a stage")
    rules = [rule for group in prometheus.query_api("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"]: rule["health"] for rule in rules} == dict.fromkeys(ALERTS, "ok")
