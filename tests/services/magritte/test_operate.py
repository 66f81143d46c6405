import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from services.magritte.pipeline import PIPELINE
from shared.bus import Delivery
from shared.bus.lanes import EXPRESS_MESSAGES
from shared.bus.rabbitmq import RabbitMQBus
from shared.contract import keys
from shared.contract.errors import NotFound, SettingsError
from shared.contract.messages import RunRequested, decode_message
from shared.runs.controls import Controls, controls_in_force
from shared.store import FolderStore
from tests.servers.rabbitmq import RabbitMQServer
from tests.shared.ledgers import finish

Magritte = Callable[..., Result]


def test_a_stage_is_paused_until_it_may_continue(magritte: Magritte, store: FolderStore, run: str) -> None:
    assert magritte("pause", "upscaler").exit_code == 0
    assert controls_in_force(store) == Controls(paused=frozenset({"upscaler"}))
    assert json.loads(magritte("status", "--json").stdout)["paused"] == ["upscaler"]
    assert magritte("continue", "upscaler").exit_code == 0
    assert controls_in_force(store) == Controls()


@pytest.mark.parametrize("command", ["pause", "continue"])
def test_an_unknown_stage_is_refused_with_the_names_of_those_that_there_are(magritte: Magritte, command: str) -> None:
    result = magritte(command, "upscalre")
    assert result.exit_code == 2
    assert "face-detector" in result.output


def test_a_cancelled_run_says_so(magritte: Magritte, store: FolderStore, run: str) -> None:
    assert f"{run} is cancelled" in magritte("cancel", run).stdout
    assert json.loads(magritte("status", "--json").stdout)["phase"] == "cancelled"


def test_a_finished_run_is_neither_cancelled_nor_resumed(magritte: Magritte, store: FolderStore, run: str) -> None:
    finish(store, run)
    assert "nothing to cancel" in magritte("cancel", run).stdout
    assert "nothing to do" in magritte("resume", run).stdout
    assert controls_in_force(store) == Controls()


def test_a_run_that_nobody_knows_is_an_error(magritte: Magritte, run: str) -> None:
    for command in ("cancel", "resume", "status", "watch"):
        assert isinstance(magritte(command, "bond-001").exception, NotFound)


def test_what_a_resumption_would_publish_is_counted_without_a_broker(magritte: Magritte, run: str) -> None:
    report = json.loads(magritte("resume", "--dry-run", "--json").stdout)
    assert report == {"run": run, "finished": False, "published": {"run-requested": 1}}


def test_resuming_without_a_broker_is_refused_with_the_variable_s_name(magritte: Magritte, run: str) -> None:
    result = magritte("resume")
    assert isinstance(result.exception, SettingsError)
    assert "MAGRITTE_BUS" in str(result.exception)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A recipe with two sources."""
    for name in ("drawn", "found"):
        (tmp_path / name).mkdir()
    path = tmp_path / "recipe.yaml"
    path.write_text("name: anya\nsources: [{folder: ./drawn}, {folder: ./found}]\n")
    return str(path)


def test_setting_up_makes_the_queues_at_the_broker(magritte: Magritte, rabbitmq: RabbitMQServer, broker: str) -> None:
    listed = ("list_queues", "--vhost", broker.rpartition("/")[2], "--no-table-headers", "name")
    assert rabbitmq.ctl(*listed).split() == []
    assert magritte("setup").stdout == "store and broker are ready\n"
    assert {queue.name for queue in PIPELINE.queues} <= set(rabbitmq.ctl(*listed).split())


def test_a_recipe_is_submitted_to_the_stages_source_by_source(
    magritte: Magritte, store: FolderStore, bus: RabbitMQBus, path: str
) -> None:
    assert magritte("submit", path).stdout == "begins anya-001\n"
    assert json.loads(magritte("submit", path, "--json").stdout) == {"run": "anya-001", "resumed": True}
    published = [decode_message(taken(bus).body) for _ in range(4)]
    assert sorted(message.source for message in published if isinstance(message, RunRequested)) == [0, 0, 1, 1]
    assert {message.run for message in published} == {"anya-001"}
    assert store.exists(keys.recipe("anya-001"))


def taken(bus: RabbitMQBus) -> Delivery:
    consumer = bus.consume("scraper")
    delivery = consumer.receive(30.0)
    assert delivery is not None
    delivery.ack()
    consumer.close()
    return delivery


def test_submitting_can_be_tried_without_beginning_a_run(
    magritte: Magritte, store: FolderStore, bus: RabbitMQBus, path: str
) -> None:
    assert magritte("submit", "--dry-run", path).stdout == f"{path}: anya, fine; store and broker answer\n"
    assert bus.depths()["scraper"].ready == 0
    assert list(store.list("recipes/")) == []


def test_what_is_not_settled_is_published_again(
    magritte: Magritte, store: FolderStore, bus: RabbitMQBus, run: str
) -> None:
    magritte("cancel")
    assert magritte("resume").stdout == f"{run}: published 1 run-requested\n"
    assert bus.depths()["scraper"].ready == 1
    assert json.loads(magritte("status", "--json").stdout)["phase"] == "gathering"


@pytest.mark.parametrize("command", ["submit", "resume"])
def test_of_many_sources_the_first_are_asked_for_express_and_the_others_bulk(
    magritte: Magritte, bus: RabbitMQBus, tmp_path: Path, command: str
) -> None:
    sources = [f"  - folder: ./{number}\n" for number in range(EXPRESS_MESSAGES + 3)]
    for number in range(EXPRESS_MESSAGES + 3):
        (tmp_path / str(number)).mkdir()
    path = tmp_path / "many.yaml"
    path.write_text("name: many\nsources:\n" + "".join(sources))
    assert magritte("submit", str(path)).exit_code == 0
    if command == "resume":
        for _ in sources:
            taken(bus)
        assert magritte("resume", "many-001").exit_code == 0
    lanes = [taken(bus).bulk for _ in sources]
    assert (lanes.count(False), lanes.count(True)) == (EXPRESS_MESSAGES, 3)
