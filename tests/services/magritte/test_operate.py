import json
from collections.abc import Callable

import pytest
from click.testing import Result

from shared.contract.errors import NotFound, SettingsError
from shared.runs.controls import Controls, controls_in_force
from shared.runs.registry import finish
from shared.store import FolderStore

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
    told = json.loads(magritte("resume", "--dry-run", "--json").stdout)
    assert told == {"run": run, "finished": False, "published": {"run-requested": 1}}


def test_resuming_without_a_broker_is_refused_with_the_variable_s_name(magritte: Magritte, run: str) -> None:
    result = magritte("resume")
    assert isinstance(result.exception, SettingsError)
    assert "MAGRITTE_BUS" in str(result.exception)
