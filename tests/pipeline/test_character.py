"""Runs over a folder with pictures of two characters, of which one is wanted."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from tests.pipeline.conftest import RECIPE, Workplace
from tests.services.face_detector.character.toy_models import brightness_tagger

Fates = Callable[[dict[str, Any]], dict[str, int]]

OTHER = replace(HEROINE, hair="#b5482f", eyes="#3f9a52")
BY_HAIR = f'character: {{hair: ["{HEROINE.hair}"]}}\n'


@pytest.fixture
def mixed(tmp_path: Path) -> Workplace:
    """Five pictures of the heroine, four of another character."""
    place = Workplace(tmp_path)
    place.pictures.mkdir()
    for name, character, count in (("heroine", HEROINE, 5), ("other", OTHER, 4)):
        for number in range(count):
            random = Random(f"{name} {number}")
            (place.pictures / f"{name}-{number}.png").write_bytes(draw(character, any_pose(random), random, (360, 450)))
    return place


def test_pictures_of_another_character_are_dropped_by_the_colour_of_the_hair(mixed: Workplace, fates_of: Fates) -> None:
    mixed.write_recipe(RECIPE + BY_HAIR)
    mixed.run()
    status = mixed.status()
    assert status["finished"]
    assert fates_of(status) == {"in-dataset": 5, "other-colours": 4}
    told = mixed.ask("trace", "other-2.png", "--json")
    assert "other-colours" in told
    assert "its hair, mostly #" in told


def test_classes_can_be_told_by_a_tagger_where_no_source_tells_tags(mixed: Workplace) -> None:
    (mixed.root / "tagger.onnx").write_bytes(brightness_tagger())
    (mixed.root / "tags.txt").write_text("bright\ndark\nred\nalways\n")
    tagger = "character: {tagger: {model: ./tagger.onnx, tags_file: ./tags.txt, confidence: 0.7}}\n"
    mixed.write_recipe(f"{RECIPE}{tagger}labels: {{tags: [bright, always]}}\n")
    mixed.run()
    told = {record["image"]: record["tags"] for record in mixed.journal() if record.get("tags")}
    (manifest,) = (mixed.root / "data" / "datasets").glob("*/manifest.json")
    members = json.loads(manifest.read_text())["members"]
    assert {member["image"]: member["label"] for member in members} == {
        image: "bright" if "bright" in tags else "always" for image, tags in told.items()
    }
    assert {member["label"] for member in members} == {"bright", "always"}


def test_the_character_can_be_learnt_from_a_folder_that_the_run_then_does_not_need(
    mixed: Workplace, fates_of: Fates
) -> None:
    (mixed.root / "faces").mkdir()
    for number in range(3):
        random = Random(f"reference {number}")
        (mixed.root / "faces" / f"{number}.png").write_bytes(draw(HEROINE, any_pose(random), random, (360, 450)))
    mixed.write_recipe(RECIPE + "character: {like: ./faces}\n")
    mixed.run()
    assert fates_of(mixed.status()) == {"in-dataset": 5, "other-colours": 4}
    (recipe,) = (mixed.root / "data" / "recipes").glob("*.json")
    assert str(mixed.root / "faces") not in recipe.read_text()
