import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.projection import Projected, Projector, Settings, Space, adam, structure
from shared.stylegan2.weights import Networks
from tests.shared.stylegan2.projected_toy import STEPS, first_steps, noisy

BRIEF = Settings(steps=60)


def last(projector: Projector, target: np.ndarray) -> Projected:
    return list(projector.project(target))[-1]


def drawn(toy: Networks, space: Space = Space.W) -> np.ndarray:
    """A picture that the network draws with a w of one seed, or of one for each slot."""
    projector = Projector(toy, BRIEF)
    rng = np.random.default_rng(4)
    w = projector.average + rng.standard_normal((4 if space is Space.W_PLUS else 1, 5)).astype(np.float32)
    noises = [rng.standard_normal((1, side, side, 1)).astype(np.float32) for side in (4, 8, 8)]
    return projector.picture(Projected(0, np.broadcast_to(w, (4, 5)), noises, 0.0))


@pytest.mark.parametrize("space", Space)
def test_a_picture_of_the_network_s_own_is_found_again(toy: Networks, space: Space) -> None:
    target = drawn(noisy(toy), space)
    projector = Projector(noisy(toy), replace(BRIEF, space=space, steps=150))
    found = last(projector, target)
    reached = projector.distance(target, projector.picture(found))
    assert reached < 0.4 * projector.distance(target, projector.average_picture())
    assert (found.w[0] == found.w[3]).all() == (space is Space.W)


def test_noise_stays_noise_and_every_map_learns(toy: Networks) -> None:
    projector = Projector(noisy(toy), BRIEF)
    first, *_, end = projector.project(drawn(noisy(toy)))
    for before, after, side in zip(first.noises, end.noises, (4, 8, 8), strict=True):
        assert after.shape == (1, side, side, 1)
        assert (after.mean(), after.std()) == pytest.approx((0, 1), abs=1e-3)
        assert np.abs(after - before).max() > 0.05


def test_the_seed_decides_the_way(toy: Networks) -> None:
    target = drawn(toy)
    found = [list(islice(Projector(toy, replace(BRIEF, seed=seed)).project(target), 3))[-1].w for seed in (0, 0, 1)]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_class_has_an_average_of_its_own() -> None:
    labelled = Networks.fresh(Architecture(8, label_size=2, fmap_max=8, z_size=6, w_size=5, mapping_layers=2), seed=3)
    averages = [Projector(labelled, BRIEF, np.eye(2, dtype=np.float32)[[label]]).average for label in (0, 1)]
    assert np.abs(averages[0] - averages[1]).max() > 0.01


def test_rate_and_wandering_are_the_official_ones() -> None:
    settings = Settings()
    found = [settings.rate(step) for step in (0, 25, 50, 750, 875, 999)]
    np.testing.assert_allclose(found, [0, 0.05, 0.1, 0.1, 0.05, 3.947e-6], rtol=1e-3)
    np.testing.assert_allclose([settings.wandering(step) for step in (0, 375, 750, 999)], [1, 0.25, 0, 0])


def test_structure_is_the_correlation_of_neighbours_at_every_size() -> None:
    noise = np.random.default_rng(1).standard_normal((16, 16)).astype(np.float32)
    small = noise.reshape(8, 2, 8, 2).mean(axis=(1, 3))
    expected = sum(np.mean(x * np.roll(x, 1, axis)) ** 2 for x in (noise, small) for axis in (0, 1))
    np.testing.assert_allclose(structure(noise[None, ..., None]), expected, rtol=1e-5)
    assert float(structure(np.sort(noise.ravel()).reshape(1, 16, 16, 1))) > 20 * expected


def test_adam_is_that_of_keras() -> None:
    start, rates = {"a": np.float32([1, -2]), "b": np.float32([[3]])}, (0.1, 0.03, 0.2)
    variables = {name: keras.Variable(value) for name, value in start.items()}
    optimizer = keras.optimizers.Adam(beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    zeros = {name: np.zeros_like(value) for name, value in start.items()}
    state = {"values": start, "means": zeros, "squares": zeros}
    for count, rate in enumerate(rates, 1):
        gradients = {name: np.float32(np.cos(np.asarray(value) * count)) for name, value in state["values"].items()}
        optimizer.learning_rate = rate
        optimizer.apply([gradients[name] for name in variables], list(variables.values()))
        state = adam(state, gradients, np.float32(rate), np.float32(count))
    for name, variable in variables.items():
        np.testing.assert_allclose(state["values"][name], np.asarray(variable), rtol=1e-5)


@pytest.mark.slow
def test_jax_finds_the_same(tmp_path: Path) -> None:
    path = tmp_path / "jax.npz"
    command = [sys.executable, "-m", "tests.shared.stylegan2.projected_toy", str(path)]
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    subprocess.run(command, env=environment, check=True, timeout=200)
    with np.load(path) as found:
        for step, expected in enumerate(first_steps()):
            np.testing.assert_allclose(found[f"w{step}"], expected.w, atol=2e-3)
            assert float(found[f"distance{step}"]) == pytest.approx(expected.distance, abs=1e-3)
        assert step == STEPS - 1
