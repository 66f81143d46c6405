import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from shared.stylegan2 import generator
from shared.stylegan2.grid import to_uint8
from tests.services.magritte.test_draw import network

Magritte = Callable[..., Result]


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """A picture of noise that is wider than it is high."""
    path = tmp_path / "anya.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (8, 12, 3), np.uint8)).save(path)
    return str(path)


@pytest.mark.parametrize("space", ["w", "w+"])
def test_the_official_functions_draw_the_found_picture_of_the_file(
    magritte: Magritte, tmp_path: Path, picture: str, space: str
) -> None:
    path, made = network(tmp_path)
    out = tmp_path / "out"
    words = ["--steps", "40", "--every", "15", "--space", space, "--out", str(out), "--json"]
    done = magritte("project", picture, str(path), *words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["files"] == [
        *("target.png", "step0015.png", "step0030.png", "projected.png", "side-by-side.png", "projected.npz")
    ]
    assert told["distance"] < told["distance_of_average"]
    with np.load(out / "projected.npz") as found, Image.open(out / "projected.png") as drawn:
        noises = [found[f"noise{index}"].transpose(0, 2, 3, 1) for index in range(3)]
        expected = to_uint8(np.asarray(generator.synthesis(made.architecture, made.Gs, found["w"], noises)))[0]
        np.testing.assert_allclose(np.asarray(drawn).astype(int), expected, atol=1)
    with Image.open(picture) as given, Image.open(out / "target.png") as target:
        np.testing.assert_array_equal(np.asarray(target), np.asarray(given)[:, 2:10])


def test_the_class_has_to_be_given(magritte: Magritte, tmp_path: Path, picture: str) -> None:
    path, _ = network(tmp_path, label_size=2)
    done = magritte("project", picture, str(path), "--out", str(tmp_path / "out"))
    assert (done.exit_code, "from 0 to 1" in done.output) == (2, True)
    done = magritte("project", picture, str(path), "--class", "1", "--steps", "2", "--out", str(tmp_path / "out"))
    assert (done.exit_code, "2 steps: distance" in done.output) == (0, True), done.output
