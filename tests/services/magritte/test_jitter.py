import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from shared.stylegan2 import generator
from shared.stylegan2.grid import to_uint8
from shared.stylegan2.inference import Generator
from shared.stylegan2.projection_file import dump_projection
from tests.services.magritte.test_draw import network, pixels

Magritte = Callable[..., Result]
W = np.random.default_rng(3).standard_normal((4, 5)).astype(np.float32)
NOISES = [np.random.default_rng(4).standard_normal((1, side, side, 1)).astype(np.float32) for side in (4, 8, 8)]


def projected(folder: Path) -> str:
    path = folder / "projected.npz"
    path.write_bytes(dump_projection(W, NOISES))
    return str(path)


def versions(magritte: Magritte, folder: Path, *words: str) -> np.ndarray:
    """Draw three versions, and return them as pictures."""
    path, _ = network(folder)
    out = folder / "out"
    done = magritte("jitter", projected(folder), str(path), "--count", "3", "--out", str(out), "--json", *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["files"] == [*(f"jitter000{number}.png" for number in range(3)), "grid.png"]
    return np.stack([pixels(out / f"jitter000{number}.png") for number in range(3)]).astype(int)


def test_without_an_amount_each_version_is_the_projected_picture(magritte: Magritte, tmp_path: Path) -> None:
    found = versions(magritte, tmp_path, "--amount", "0")
    _, made = network(tmp_path)
    expected = to_uint8(np.asarray(generator.synthesis(made.architecture, made.Gs, W[None], NOISES)))[0].astype(int)
    np.testing.assert_allclose(found, np.stack([expected] * 3), atol=1)
    grid = pixels(tmp_path / "out" / "grid.png")
    np.testing.assert_allclose(grid[:, :8].astype(int), expected, atol=1)
    np.testing.assert_array_equal(grid[:, 8:16], found[0])


def test_versions_differ_from_each_other_and_are_nearer_the_smaller_the_amount(
    magritte: Magritte, tmp_path: Path
) -> None:
    source = versions(magritte, tmp_path, "--amount", "0")[0]
    near, far = (versions(magritte, tmp_path, "--amount", amount) for amount in ("0.1", "1"))
    assert len({each.tobytes() for each in near}) == 3
    for small, large in zip(near, far, strict=True):
        assert 0 < np.abs(small - source).mean() < 0.5 * np.abs(large - source).mean()


def test_the_seed_decides_which_versions_are_drawn(magritte: Magritte, tmp_path: Path) -> None:
    first, again, other = (versions(magritte, tmp_path, "--seed", seed) for seed in "112")
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_picture_is_projected_first(magritte: Magritte, tmp_path: Path) -> None:
    path, made = network(tmp_path)
    picture, out = tmp_path / "anya.png", tmp_path / "out"
    Image.fromarray(to_uint8(Generator(made.architecture, made.Gs).picture_of_seed(5))[0]).save(picture)
    words = ["--steps", "30", "--count", "1", "--amount", "0", "--out", str(out)]
    done = magritte("jitter", str(picture), str(path), *words)
    assert done.exit_code == 0, done.output
    found = pixels(out / "jitter0000.png").astype(int)
    np.testing.assert_allclose(found, pixels(out / "projected.png"), atol=1)
    assert (out / "projected.npz").is_file()


@pytest.mark.parametrize(("name", "text"), [("lost.npz", "there is no file"), ("network.npz", "it has no w, but")])
def test_a_file_without_a_projected_picture_is_told(magritte: Magritte, tmp_path: Path, name: str, text: str) -> None:
    path, _ = network(tmp_path)
    assert text in str(magritte("jitter", str(tmp_path / name), str(path), "--out", str(tmp_path / "out")).exception)
