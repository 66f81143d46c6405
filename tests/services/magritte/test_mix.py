import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from shared.stylegan2 import generator
from shared.stylegan2.grid import to_uint8
from shared.stylegan2.weights import Networks
from tests.services.magritte.test_draw import network

Magritte = Callable[..., Result]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture).astype(int)


def official(made: Networks, row: int, column: int, slots: list[int], psi: float) -> np.ndarray:
    """The picture that the official example makes: z by seed, all of w truncated, the stored noise."""
    z = np.stack([np.random.RandomState(seed).randn(6) for seed in (row, column)]).astype(np.float32)
    w = np.asarray(generator.mapping(made.architecture, made.Gs, z, np.zeros((2, 0), np.float32)))
    w = np.repeat((made.Gs["dlatent_avg"] + (w - made.Gs["dlatent_avg"]) * psi)[:, None], 4, axis=1)
    w[0, slots] = w[1, slots]
    noises = generator.stored_noise(made.architecture, made.Gs)
    return to_uint8(np.asarray(generator.synthesis(made.architecture, made.Gs, w[:1], noises)))[0].astype(int)


def test_the_grid_is_that_of_the_official_example(magritte: Magritte, tmp_path: Path) -> None:
    path, made = network(tmp_path)
    out = tmp_path / "mixed"
    words = ["--rows", "3,1", "--columns", "5-6", "--styles", "0,2", "--psi", "0.6", "--out", str(out), "--json"]
    done = magritte("mix", str(path), *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["styles"] == [0, 2]
    grid = pixels(out / "grid.png").reshape(3, 8, 3, 8, 3).swapaxes(1, 2)
    assert not grid[0, 0].any()
    for across, column in enumerate([5, 6], 1):
        np.testing.assert_allclose(grid[0, across], official(made, column, column, [], 0.6), atol=1)
        for down, row in enumerate([3, 1], 1):
            expected = official(made, row, column, [0, 2], 0.6)
            np.testing.assert_allclose(grid[down, across], expected, atol=1)
            np.testing.assert_allclose(pixels(out / f"{row}-{column}.png"), expected, atol=1)
            np.testing.assert_allclose(grid[down, 0], official(made, row, row, [], 0.6), atol=1)
    assert {file.name for file in out.iterdir()} == {
        *("grid.png", "3-3.png", "1-1.png", "5-5.png", "6-6.png"),
        *("3-5.png", "3-6.png", "1-5.png", "1-6.png"),
    }


def test_by_default_half_of_a_small_network_s_styles_come_from_the_columns(magritte: Magritte, tmp_path: Path) -> None:
    path, made = network(tmp_path)
    done = magritte("mix", str(path), "--rows", "1", "--columns", "2", "--psi", "1", "--out", str(tmp_path / "mixed"))
    assert done.exit_code == 0, done.output
    np.testing.assert_allclose(pixels(tmp_path / "mixed" / "1-2.png"), official(made, 1, 2, [0, 1], 1), atol=1)


@pytest.mark.parametrize(("option", "value"), [("--rows", "a"), ("--columns", "3-1"), ("--styles", "4")])
def test_what_does_not_fit_is_wrong_usage(magritte: Magritte, tmp_path: Path, option: str, value: str) -> None:
    done = magritte("mix", str(network(tmp_path)[0]), option, value, "--out", str(tmp_path / "mixed"))
    assert (done.exit_code, option in done.output) == (2, True)
    assert not (tmp_path / "mixed").exists()
