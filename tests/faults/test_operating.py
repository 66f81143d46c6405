"""Operating a run whose stages are processes, with the commands that a person has."""

import json
import signal
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from shared.ledger.ledger import Ledger
from tests.faults.chain import Fleet, Result, result, status, undisturbed, write_recipe
from tests.faults.place import SOON, Place, json_lines, wait_until
from tests.servers.ports import free_ports
from tests.servers.rabbitmq import RabbitMQServer

PICTURES = 30


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("chain"), PICTURES)


@pytest.fixture(scope="module")
def expected(recipe: Path) -> Result:
    """What a run of the recipe comes to in one process."""
    return undisturbed(recipe.parent, recipe)


def submitted(place: Place, recipe: Path) -> str:
    return str(json.loads(place.ask("submit", str(recipe), "--json"))["run"])


def facts(place: Place, run: str, stage: str) -> int:
    return sum(1 for record in Ledger(place.store, run).records(stage) if record.stamp.stage == stage)


def test_a_submitted_run_has_the_result_of_an_embedded_one_and_can_be_watched(
    place: Place, recipe: Path, expected: Result
) -> None:
    run = json.loads(place.magritte("submit", str(recipe), "--json"))["run"]
    Fleet(place)
    shown = place.magritte("watch", run)
    assert f"{run} finished" in shown.replace(",", "")
    assert result(place, run) == expected
    assert "every record of every level is right" in place.magritte("verify", run)
    assert json.loads(place.magritte("submit", str(recipe), "--json")) == {"run": "chain-002", "resumed": False}


@pytest.mark.fault(9, "the broker loses everything", "its virtual host is deleted and made anew; `magritte resume`")
def test_a_run_is_resumed_from_the_store_after_the_broker_lost_everything(
    place: Place, recipe: Path, expected: Result, rabbitmq: RabbitMQServer
) -> None:
    run = submitted(place, recipe)
    Fleet(place)
    wait_until(lambda: facts(place, run, "face-detector") > 5, "half of the work")
    rabbitmq.remove_vhost(place.vhost)
    time.sleep(1.0)
    assert not status(place, run)["finished"]
    rabbitmq.add_vhost(place.vhost)
    shown = json.loads(place.magritte("resume", run, "--json"))
    assert sum(shown["published"].values()) > 0
    place.ask("watch", run)
    assert result(place, run) == expected
    assert "nothing to do" in place.ask("resume", run)


def test_a_cancelled_run_does_nothing_more_until_it_is_resumed(place: Place, recipe: Path, expected: Result) -> None:
    run = submitted(place, recipe)
    Fleet(place)
    wait_until(lambda: facts(place, run, "deduper") > 5, "some of the work")
    place.ask("cancel", run)
    wait_until(lambda: all(depth.ready == 0 for depth in place.bus.depths().values()), "empty queues")
    place.ask("watch", run, expect=1)
    before = facts(place, run, "tfrecord-packer")
    assert before == 0
    place.ask("resume", run)
    place.ask("watch", run)
    assert result(place, run) == expected


def test_a_verdict_about_a_cancelled_run_holds_once_it_is_resumed(place: Place, recipe: Path) -> None:
    run = submitted(place, recipe)
    Fleet(place)
    wait_until(lambda: facts(place, run, "face-detector") > 5, "some of the work")
    place.ask("cancel", run)
    wait_until(lambda: all(depth.ready == 0 for depth in place.bus.depths().values()), "empty queues")
    place.ask("verdict", "drop", "00003.png", "--run", run)
    wait_until(lambda: place.bus.depths()["tfrecord-packer.ledger"].ready == 0, "the ledger's owner to take it")
    time.sleep(1.0)
    place.ask("resume", run)
    place.ask("watch", run)
    (rejected,) = [fate for fate in status(place, run)["fates"] if fate["reason"] == "rejected"]
    assert rejected["pictures"] == 1
    story = json.loads(place.ask("trace", "00003.png", "--run", run, "--json"))
    assert [each["stage"] for each in story if each["type"] == "verdict-given"] == ["person"]


def test_a_paused_stage_takes_nothing_until_it_continues(place: Place, recipe: Path) -> None:
    place.ask("pause", "face-detector")
    run = submitted(place, recipe)
    Fleet(place)
    wait_until(lambda: place.bus.depths()["face-detector"].ready > 10, "messages that wait")
    assert facts(place, run, "face-detector") == 0
    assert json.loads(place.ask("status", run, "--json"))["paused"] == ["face-detector"]
    place.ask("continue", "face-detector")
    place.ask("watch", run)
    assert status(place, run)["pictures"] == PICTURES


def test_submitting_twice_is_harmless(place: Place, recipe: Path) -> None:
    assert submitted(place, recipe) == submitted(place, recipe)
    Fleet(place)
    place.ask("watch")
    assert status(place)["pictures"] == PICTURES


def test_a_stage_tells_of_its_health_and_of_what_it_did(place: Place, recipe: Path) -> None:
    (port,) = free_ports(1)
    process = place.start("-m", "services.deduper", MAGRITTE_METRICS_PORT=str(port))
    wait_until(lambda: _answer(port, "readyz") == "yes", "readiness")
    assert _answer(port, "healthz") == "yes"
    run = submitted(place, recipe)
    for stage in ("scraper", "tfrecord_packer"):
        place.start("-m", f"services.{stage}")
    wait_until(lambda: facts(place, run, "deduper") >= PICTURES, "fingerprints")
    assert 'magritte_items_total{outcome="done",stage="deduper"}' in _answer(port, "metrics")
    lines = [json.loads(line) for line in place.output().splitlines() if line.startswith("{")]
    assert {line["stage"] for line in lines} == {"deduper", "scraper", "tfrecord-packer"}
    process.send_signal(signal.SIGTERM)
    assert process.wait(SOON) == 0


def _answer(port: int, path: str) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
            return str(answer.read().decode().strip())
    except OSError as error:
        return str(error)


def test_a_log_line_tells_which_picture_and_attempt_it_is_about(place: Place, recipe: Path) -> None:
    run = submitted(place, recipe)
    for stage in ("scraper", "deduper"):
        place.start("-m", f"services.{stage}")

    def shown() -> list[dict[str, Any]]:
        return [line for line in json_lines(place.output()) if line.get("message") == "image-fetched"]

    wait_until(lambda: len(shown()) == PICTURES, "a line about every picture")
    assert {(line["run"], line["attempt"], line["stage"]) for line in shown()} == {(run, 1, "deduper")}
    assert len({line["item"] for line in shown()}) == len({line["trace"] for line in shown()}) == PICTURES
