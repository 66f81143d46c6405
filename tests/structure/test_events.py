"""Events are declared by the stages that emit them, and the runtime knows none of them."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from services.magritte.pipeline import PIPELINE
from shared.contract.events import Event

REPOSITORY = Path(__file__).parents[2]
OF_TRAININGS = re.compile(r"[Tt]rain|kimg|[Ss]napshot|\bTick\b|[\"']tick[\"']")
EVENT_TYPES = re.compile(r"shared\.contract\.events import ([\w, ]+)")
GENERAL = {"Emitted", "Event", "FieldGauge", "Level"}


def sources() -> dict[str, str]:
    folder = REPOSITORY / "shared" / "runtime"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


def defined(base: type[Event] = Event) -> Iterator[type[Event]]:
    """All types of events that are not those of tests."""
    for kind in base.__subclasses__():
        yield from defined(kind)
        if not kind.__module__.startswith("tests."):
            yield kind


def test_the_runtime_knows_nothing_of_trainings() -> None:
    assert len(sources()) > 10
    found = {name: OF_TRAININGS.findall(text) for name, text in sources().items()}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("line", ['if event == "tick":', "TRAINER.kimg", "magritte_training_eta", "import Tick"])
def test_the_rule_notices_what_it_forbids(line: str) -> None:
    assert OF_TRAININGS.search(line)


def test_the_runtime_imports_no_type_of_event() -> None:
    imported = {
        name.strip() for text in sources().values() for names in EVENT_TYPES.findall(text) for name in names.split(",")
    }
    assert "Emitted" in imported
    assert imported <= GENERAL


def test_every_type_of_event_is_declared_by_a_stage() -> None:
    for path in (REPOSITORY / "services").glob("*/events.py"):
        import_module(f"services.{path.parent.name}.events")
    assert set(defined()) == {kind for stage in PIPELINE.declarations for kind in stage.emits}


def test_no_two_types_that_a_stage_emits_are_kept_under_one_name() -> None:
    for container, stages in PIPELINE.containers.items():
        names = [kind.kind() for stage in stages for kind in dict.fromkeys(stage.emits)]
        assert len(set(names)) == len(names), container
