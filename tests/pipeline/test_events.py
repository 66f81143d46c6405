"""What a whole run in one process leaves in the store of its events."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.magritte.pipeline import load_all
from services.magritte.training import last_tick_line
from shared.contract import keys
from shared.contract.events import Emitted, Tick
from shared.recipe.recipe import Recipe
from shared.runs.events import last_events
from shared.runs.registry import open_run, read_state
from shared.runs.results import results, trained
from shared.runtime.resources import Resources
from shared.runtime.single_process import Options, SingleProcess
from shared.store import FolderStore
from tests.pipeline.test_access import TOY
from tests.services.trainer.conftest import eagerly


@pytest.fixture
def eager() -> Iterator[None]:
    with eagerly():
        yield


def test_the_last_tick_in_the_store_is_that_of_the_result(tmp_path: Path, drawings: list[bytes], eager: None) -> None:
    pictures, store = tmp_path / "pictures", FolderStore(tmp_path / "data")
    pictures.mkdir()
    for number, drawing in enumerate(drawings[:4]):
        (pictures / f"{number}.png").write_bytes(drawing)
    sections: dict[str, Any] = {"normalized": {"size": 8}, "upscaling": {"enabled": False}, "training": TOY}
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": pictures}]} | sections)
    run, emitted = open_run(store, recipe), list[Emitted]()
    process = SingleProcess(run, store, load_all(), Options(Resources(2)), emitted.append)
    process.set_up(recipe)
    assert process.run()

    found = results(store, run.name, read_state(store, run.name))
    record = json.loads(store.get(keys.event(run.name, "trainer", "tick")))
    assert record["fields"]["kimg"] == found.kimg == TOY["kimg"]
    training = trained(store, found)
    assert training is not None
    assert record["fields"] == training.tick
    ticks = [each for each in emitted if isinstance(each.event, Tick)]
    assert [each.event.fields() for each in ticks][-1] == record["fields"]
    (kept,) = [each for each in last_events(store, run.name) if each.kind == "tick"]
    assert kept.at == ticks[-1].at
    assert last_tick_line([kept], training) == ""  # the line about the snapshot has it already
