import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from click.testing import Result
from PIL import Image

from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.grid import to_uint8
from shared.stylegan2.inference import Generator, Truncation
from shared.stylegan2.weights import Networks
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]
SIZES = {"fmap_max": 8, "z_size": 6, "w_size": 5, "mapping_layers": 2, "mapping_fmaps": 7}


def network(folder: Path, **sizes: int) -> tuple[Path, Networks]:
    made = Networks.fresh(Architecture(8, **SIZES | sizes), seed=1)
    rng = np.random.default_rng(2)
    noise = {name: rng.standard_normal(()).astype(np.float32) for name in made.Gs if name.endswith("noise_strength")}
    made = Networks(made.architecture, made.G, made.D, made.Gs | noise)
    path = folder / "network.npz"
    path.write_bytes(network_file.dump(made))
    return path, made


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_seed_decides_latent_and_noise_as_officially(magritte: Magritte, tmp_path: Path) -> None:
    path, made = network(tmp_path)
    done = magritte("draw", str(path), "--seeds", "3,5", "--psi", "0.5", "--out", str(tmp_path / "drawn"))
    assert (done.exit_code, "2 pictures and grid.png" in done.output) == (0, True), done.output
    random = np.random.RandomState(5)
    z = random.randn(1, 6).astype(np.float32)
    noises = [random.randn(1, 1, side, side).astype(np.float32) for side in (4, 8, 8)]
    stored = {f"G_synthesis/noise{index}": noise for index, noise in enumerate(noises)}
    expected = to_uint8(Generator(made.architecture, made.Gs | stored).pictures(z, truncation=Truncation(0.5)))[0]
    np.testing.assert_allclose(pixels(tmp_path / "drawn" / "seed0005.png").astype(int), expected, atol=1)
    grid = pixels(tmp_path / "drawn" / "grid.png")
    np.testing.assert_array_equal(grid[:, 8:16], pixels(tmp_path / "drawn" / "seed0005.png"))


def test_grey_pictures_of_a_class_are_drawn(magritte: Magritte, tmp_path: Path) -> None:
    path, _ = network(tmp_path, num_channels=1, label_size=3)
    drawn = [
        magritte("draw", str(path), "--seeds", "1", "--class", number, "--out", str(tmp_path / number))
        for number in "02"
    ]
    assert [done.exit_code for done in drawn] == [0, 0]
    first, other = (pixels(tmp_path / number / "seed0001.png") for number in "02")
    assert first.ndim == 2
    assert not np.array_equal(first, other)


def test_the_noise_is_the_stored_one_or_none_if_that_is_wanted(magritte: Magritte, tmp_path: Path) -> None:
    path, made = network(tmp_path)
    for noise in ("const", "none"):
        done = magritte("draw", str(path), "--seeds", "4", "--noise", noise, "--out", str(tmp_path / noise))
        assert done.exit_code == 0, done.output
    silent = made.Gs | {name: np.float32(0) for name in made.Gs if name.endswith("noise_strength")}
    z = np.random.RandomState(4).randn(1, 6).astype(np.float32)
    for weights, noise in ((made.Gs, "const"), (silent, "none")):
        expected = to_uint8(Generator(made.architecture, weights).pictures(z, truncation=Truncation(0.7)))[0]
        np.testing.assert_allclose(pixels(tmp_path / noise / "seed0004.png").astype(int), expected, atol=1)


def test_files_are_named_in_json(magritte: Magritte, tmp_path: Path) -> None:
    path, _ = network(tmp_path)
    done = magritte("draw", str(path), "--seeds", "4", "--out", str(tmp_path / "drawn"), "--json")
    assert json.loads(done.stdout)["files"] == ["seed0004.png", "grid.png"]


def test_a_class_that_does_not_fit_is_wrong_usage(magritte: Magritte, tmp_path: Path) -> None:
    path, _ = network(tmp_path, label_size=2)
    done = magritte("draw", str(path), "--class", "2")
    assert (done.exit_code, "from 0 to 1" in done.output) == (2, True)


def test_a_run_without_a_network_is_told(magritte: Magritte, run: str) -> None:
    assert "has no network yet" in str(magritte("draw", run).exception)


def test_without_the_libraries_it_says_what_to_install(tmp_path: Path) -> None:
    done = without_libraries(tmp_path, "draw", str(network(tmp_path)[0]))
    assert "install magritte[trainer]" in done.stderr
