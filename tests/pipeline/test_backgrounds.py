"""Runs whose recipes replace backgrounds and pack altered copies."""

import json
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from shared.contract import keys
from tests.pipeline.conftest import Workplace
from tests.services.normalizer.matte_models import red_model

RECIPE = """
name: anya
sources: [{folder: ./pictures}]
normalized: {size: 64, pad: "#00ff00"}
upscaling: {enabled: false}
augmented: {copies: 2}
training: {kimg: 0}
"""

WARM = "background: {model: ./warm.onnx, mean: [0, 0, 0], deviation: [1, 1, 1]}\n"


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """Four pictures of the heroine, and a model that takes for the figure what is of a warm colour."""
    found = Workplace(tmp_path)
    found.pictures.mkdir()
    for number in range(4):
        random = Random(f"heroine {number}")
        (found.pictures / f"{number}.png").write_bytes(draw(HEROINE, any_pose(random), random, (360, 450)))
    (tmp_path / "warm.onnx").write_bytes(red_model(320))
    return found


def members(place: Workplace) -> list[dict[str, Any]]:
    """The members of the newest version of the data set."""
    version = max((place.root / "data" / "runs").glob("*/datasets/*.json"))
    digest = json.loads(version.read_text())["digest"]
    manifest = place.root / "data" / keys.dataset(digest, keys.MANIFEST)
    found: list[dict[str, Any]] = json.loads(manifest.read_text())["members"]
    return found


def greens(place: Workplace) -> list[float]:
    """The share that is of the colour in the recipe, of each face without what pads it, and without altered copies."""
    files = (place.root / "data" / keys.normalized(m["picture"]) for m in members(place) if "derived" not in m)
    pictures = (np.asarray(Image.open(BytesIO(file.read_bytes()))).astype(int) for file in files)
    return [float((np.abs(picture - (0, 255, 0)).max(axis=-1) < 8)[8:-8, 8:-8].mean()) for picture in pictures]


def test_a_run_puts_a_colour_behind_the_faces(place: Workplace) -> None:
    place.write_recipe(RECIPE)
    place.run()
    assert max(greens(place)) < 0.02
    place.write_recipe(RECIPE + WARM)
    place.run()
    found = greens(place)
    assert len(found) == 4
    assert all(0.1 < share < 0.9 for share in found)


def test_altered_copies_leave_with_the_face_that_a_person_drops(place: Workplace) -> None:
    place.write_recipe(RECIPE)
    place.run()
    first = members(place)
    assert (len(first), sum("derived" in member for member in first)) == (12, 8)
    place.magritte("verdict", "drop", "2.png")
    place.run()
    left = members(place)
    assert (len(left), sum("derived" in member for member in left)) == (9, 6)
    assert {member["origins"][0]["origin"] for member in left} == {"0.png", "1.png", "3.png"}
    assert "9 pictures (6 of them altered copies)" in " ".join(place.ask("verify").split())
