import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.messages import RunRequested
from shared.store import FolderStore
from tests.dead_letters import dead_letters_of
from tests.servers.ports import free_ports

Magritte = Callable[..., Result]
REPOSITORY = Path(__file__).parents[3]
SOON = 60.0
"""Seconds within which what must happen happens, on any machine."""


def started(stage: str, store: FolderStore, **environment: str) -> "subprocess.Popen[str]":
    """`magritte stage STAGE` as a process of its own, without a port for its health unless told one."""
    own = {"MAGRITTE_STORE": f"folder:{store.root}", "MAGRITTE_METRICS_PORT": "0", "MAGRITTE_LOG": "json"}
    command = [sys.executable, "-m", "services.magritte", "stage", stage]
    return subprocess.Popen(
        command, env=os.environ | own | environment, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, list[dict[str, str]]]:
    """The exit code of a process and the lines of its log."""
    _, log = process.communicate(timeout=SOON)
    return process.returncode, [json.loads(line) for line in log.splitlines()]


def wait_until(happened: Callable[[], object]) -> None:
    give_up = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=SOON) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_an_unknown_stage_is_refused_with_the_names_of_those_that_there_are(magritte: Magritte) -> None:
    result = magritte("stage", "upscalre")
    assert result.exit_code == 2
    assert "face-detector" in result.output


def test_without_a_broker_s_address_it_ends_with_the_variable_s_name(store: FolderStore) -> None:
    code, log = ended(started("deduper", store, MAGRITTE_BUS="memory:"))
    assert code == 2
    assert "MAGRITTE_BUS" in log[-1]["error"]


def test_a_broker_that_is_not_there_ends_it_if_it_shall_not_wait(store: FolderStore) -> None:
    (port,) = free_ports(1)
    address = f"amqp://guest:guest@127.0.0.1:{port}/"
    code, log = ended(started("deduper", store, MAGRITTE_BUS=address, MAGRITTE_FAIL_FAST="1"))
    assert code == 75
    assert str(port) in log[-1]["error"]


def test_it_works_on_its_queue_until_it_is_told_to_end(store: FolderStore, bus: RabbitMQBus, broker: str) -> None:
    (port,) = free_ports(1)
    process = started("scraper", store, MAGRITTE_BUS=broker, MAGRITTE_METRICS_PORT=str(port))
    try:
        wait_until(lambda: is_ready(port) or process.poll() is not None)
        bus.publish(RunRequested(run="bea-001", source=0))  # of which the store knows nothing
        wait_until(lambda: bus.depths()["scraper"].dead)
        (letter,) = dead_letters_of(bus, "scraper")
        process.send_signal(signal.SIGTERM)
        code, log = ended(process)
    finally:
        process.kill()
    assert code == 0, log
    assert "bea-001" in letter.reason
