import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from shared.stylegan2 import generator
from shared.stylegan2.grid import to_uint8
from tests.services.magritte.test_draw import network, pixels

Magritte = Callable[..., Result]


def test_a_sheet_has_the_pictures_of_each_seed_moved_along_the_direction(magritte: Magritte, tmp_path: Path) -> None:
    path, made = network(tmp_path)
    out = tmp_path / "out"
    words = ["--layers", "1-2", "--count", "2", "--amount", "0.5", "--seeds", "4,9", "--psi", "1"]
    done = magritte("directions", str(path), *words, "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["files"] == ["directions.npz", "direction0000.png", "direction0001.png"]
    with np.load(out / "directions.npz") as found:
        vector = found["vectors"][1]
        assert (found["vectors"].shape, found["slots"].tolist(), told["layers"]) == ((5, 5), [1, 2], [1, 2])
    sheet = pixels(out / "direction0001.png").reshape(2, 8, 7, 8, 3).swapaxes(1, 2).astype(int)
    z = np.stack([np.random.RandomState(seed).randn(6) for seed in (4, 9)]).astype(np.float32)
    w = np.asarray(generator.mapping(made.architecture, made.Gs, z, np.zeros((2, 0), np.float32)))
    noises = generator.stored_noise(made.architecture, made.Gs)
    for column, share in ((0, -1), (3, 0), (5, 2 / 3), (6, 1)):
        moved = np.repeat(w[:, None], 4, axis=1)
        moved[:, 1:3] += np.float32(share * told["length"]) * vector
        expected = to_uint8(np.asarray(generator.synthesis(made.architecture, made.Gs, moved, noises)))
        np.testing.assert_allclose(sheet[:, column], expected, atol=1)


def test_the_amount_is_measured_in_the_distance_of_w_from_its_average(magritte: Magritte, tmp_path: Path) -> None:
    path, made = network(tmp_path)
    done = magritte("directions", str(path), "--count", "1", "--amount", "2", "--out", str(tmp_path / "out"), "--json")
    z = np.random.default_rng(1).standard_normal((5000, 6)).astype(np.float32)
    w = np.asarray(generator.mapping(made.architecture, made.Gs, z, np.zeros((5000, 0), np.float32)))
    assert json.loads(done.stdout)["length"] == pytest.approx(2 * np.sqrt(w.var(axis=0).sum()), rel=0.05)


def test_no_more_directions_are_drawn_than_w_has(magritte: Magritte, tmp_path: Path) -> None:
    done = magritte("directions", str(network(tmp_path)[0]), "--count", "99", "--out", str(tmp_path / "out"))
    assert "5 sheets and directions.npz" in done.output
    assert len(list((tmp_path / "out").glob("direction0*.png"))) == 5


def test_a_layer_that_the_network_does_not_have_is_wrong_usage(magritte: Magritte, tmp_path: Path) -> None:
    done = magritte("directions", str(network(tmp_path)[0]), "--layers", "3-4", "--out", str(tmp_path / "out"))
    assert (done.exit_code, "--layers" in done.output) == (2, True)
