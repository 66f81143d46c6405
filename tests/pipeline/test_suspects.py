"""Strangers among the pictures of a real run are the first suspects, by strangeness and by a person's verdicts."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from demo.character import HEROINE, any_character, any_pose
from demo.drawing import draw
from tests.pipeline.conftest import RECIPE, Workplace

OWN, STRANGERS, LEAST = 20, 11, 8


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A finished run over drawings of one character, and of eleven others."""
    place = Workplace(tmp_path_factory.mktemp("suspects"))
    place.pictures.mkdir()
    for number in range(OWN + STRANGERS):
        random = Random(f"suspects {number}")
        character = HEROINE if number < OWN else any_character(random)
        name = f"own-{number}" if number < OWN else f"stranger-{number}"
        (place.pictures / f"{name}.png").write_bytes(draw(character, any_pose(random), random, (360, 450)))
    place.write_recipe(RECIPE)
    place.run()
    return place


def asked(place: Workplace, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.ask("suspects", "anya", "--json", *words))
    return found


def test_strangers_come_first_and_after_verdicts_about_some_the_others_do(place: Workplace, tmp_path: Path) -> None:
    strange = place.status()["faces"] - OWN
    assert strange >= 10
    answer = asked(place, "--worst", str(STRANGERS))
    names = [row["name"] for row in answer["suspects"]]
    assert answer["signal"] == "strangeness"
    assert sum(name.startswith("stranger-") for name in names) >= 7, names  # by chance 4
    every = asked(place, "--worst", "100")["suspects"]
    strangers, own = ([row for row in every if row["name"].startswith(kind)] for kind in ("stranger-", "own-"))
    for decision, rows in (("drop", strangers[:LEAST]), ("keep", own[:LEAST])):
        for row in rows:
            place.ask("verdict", decision, row["face"], "--run", "anya")
    after = asked(place, "--worst", str(len(strangers) - LEAST), "--sheet", str(tmp_path / "sheet.png"))
    assert (after["signal"], after["dropped"], after["kept"]) == ("verdicts", LEAST, LEAST)
    assert {row["face"] for row in after["suspects"]} == {row["face"] for row in strangers[LEAST:]}
    assert after["files"] == [str(tmp_path / "sheet.png")]
