import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from shared.stylegan2 import generator
from shared.stylegan2.grid import to_uint8
from shared.stylegan2.weights import Networks
from tests.services.magritte.networks.test_film import frames_of
from tests.services.magritte.test_draw import network

Magritte = Callable[..., Result]
PSI = 0.6
SEEDS = (3, 1, 7)


def styles(made: Networks, z: np.ndarray) -> np.ndarray:
    """Return w [N, w_size] of z, truncated."""
    w = np.asarray(generator.mapping(made.architecture, made.Gs, z, np.zeros((len(z), 0), np.float32)))
    return made.Gs["dlatent_avg"] + (w - made.Gs["dlatent_avg"]) * np.float32(PSI)


def drawn(made: Networks, w: np.ndarray) -> np.ndarray:
    noises = generator.stored_noise(made.architecture, made.Gs)
    slots = np.repeat(w[:, None], 4, axis=1)
    return to_uint8(np.asarray(generator.synthesis(made.architecture, made.Gs, slots, noises))).astype(int)


def z_of(*seeds: int) -> np.ndarray:
    return np.stack([np.random.RandomState(seed).randn(6) for seed in seeds]).astype(np.float32)


def walked(magritte: Magritte, tmp_path: Path, *words: str, suffix: str = ".webp") -> tuple[np.ndarray, Networks]:
    """Return the frames of a walk, 4 for each of 3 seeds, as another program reads them, and its network."""
    path, made = network(tmp_path, num_channels=1)  # grey: films halve the resolution of colours
    out = tmp_path / f"walk{suffix}"
    options = ["--psi", str(PSI), "--fps", "4", "--seconds", "3", "--seeds", "3,1,7", "--out", str(out), "--json"]
    done = magritte("walk", str(path), *options, *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["frames"] == 12
    return frames_of(out)[0][..., :1], made


def assert_alike(found: np.ndarray, expected: np.ndarray) -> None:
    """Raise unless pictures are the same but for what the film's compression costs."""
    errors = np.abs(found - expected).mean(axis=(1, 2, 3))
    assert errors.max() < 6, errors


@pytest.mark.parametrize("suffix", [".mp4", ".webp"])
@pytest.mark.parametrize("space", ["w", "z"])
def test_the_walk_passes_the_pictures_of_its_seeds(magritte: Magritte, tmp_path: Path, space: str, suffix: str) -> None:
    found, made = walked(magritte, tmp_path, "--space", space, suffix=suffix)
    expected = drawn(made, styles(made, z_of(*SEEDS)))
    assert np.abs(expected[0] - expected[1]).mean() > 15
    assert_alike(found[[0, 4, 8]], expected)


@pytest.mark.parametrize(("easing", "shares"), [("linear", (0.25, 0.5, 0.75)), ("smooth", (0.15625, 0.5, 0.84375))])
def test_the_last_frames_lead_back_to_the_first_picture(
    magritte: Magritte, tmp_path: Path, easing: str, shares: tuple[float, ...]
) -> None:
    found, made = walked(magritte, tmp_path, "--easing", easing)
    last, first = styles(made, z_of(7, 3))
    assert_alike(found[9:], drawn(made, np.stack([last * (1 - share) + first * share for share in shares])))


def test_in_z_the_middle_between_two_seeds_halves_their_arc(magritte: Magritte, tmp_path: Path) -> None:
    found, made = walked(magritte, tmp_path, "--space", "z")
    assert_alike(found[2:3], drawn(made, styles(made, z_of(3) + z_of(1))))  # the mapping network takes directions alone


@pytest.mark.slow
def test_ctrl_c_leaves_a_film_of_the_frames_until_then(tmp_path: Path) -> None:
    path, _ = network(tmp_path)
    out = tmp_path / "films" / "walk.mp4"
    words = ["walk", str(path), "--seconds", "9999", "--out", str(out)]
    command = subprocess.Popen([sys.executable, "-m", "services.magritte", *words], stderr=subprocess.PIPE, text=True)
    try:
        while command.poll() is None and not any(file.stat().st_size for file in tmp_path.glob("films/*")):
            time.sleep(0.05)
        command.send_signal(signal.SIGINT)
        _, told = command.communicate(timeout=30)
    finally:
        command.kill()
    number = re.search(r"stopped; .*walk.mp4 has the first (\d+) of 299970 frames", told)
    assert (command.returncode, bool(number)) == (130, True), told
    assert number
    assert len(frames_of(out)[0]) == int(number[1]) > 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--seeds", "5"], "at least two seeds"),
        (["--out", "walk.gif"], "must be named as one of these"),
        (["--class", "1"], "knows none"),
    ],
)
def test_what_does_not_fit_is_wrong_usage(magritte: Magritte, tmp_path: Path, words: list[str], text: str) -> None:
    done = magritte("walk", str(network(tmp_path)[0]), "--out", str(tmp_path / "walk.mp4"), *words)
    assert (done.exit_code, text in done.output) == (2, True), done.output
    assert not (tmp_path / "walk.mp4").exists()
