import numpy as np
import pytest

from shared.recipe.hyperparameters import Hyperparameters

CONFIG_F = Hyperparameters()


def test_the_logistic_losses_are_the_official_ones(official):
    np.testing.assert_allclose(official.g_main(), official.golden["G_loss"], atol=1e-5)
    np.testing.assert_allclose(official.d_main(), official.golden["D_loss"], atol=1e-5)


def test_r1_is_the_official_one(official):
    np.testing.assert_allclose(official.d_regularization(), official.golden["D_r1_reg"], rtol=1e-4)


def test_path_length_is_the_official_one(official):
    first = official.path_length(float(official.golden["pl_mean_before"]))
    np.testing.assert_allclose(first.lengths, official.golden["pl_lengths_step1"], rtol=1e-4)
    np.testing.assert_allclose(first.mean, official.golden["pl_mean_step1"], rtol=1e-4)
    np.testing.assert_allclose(2 * first.penalty, official.golden["G_pl_reg_step1"], rtol=1e-4)
    second = official.path_length(float(first.mean))
    np.testing.assert_allclose(second.mean, official.golden["pl_mean_step2"], rtol=1e-4)
    np.testing.assert_allclose(2 * second.penalty, official.golden["G_pl_reg_step2"], rtol=1e-4)


@pytest.mark.parametrize(
    ("loss", "network", "key", "interval"),
    [
        ("d_main", "D", "loss", 1),
        ("d_regularization", "D", "reg", CONFIG_F.d_interval),
        ("g_main", "G", "loss", 1),
        ("g_regularization", "G", "reg", CONFIG_F.g_interval),
    ],
)
def test_gradients_are_the_official_ones(official, loss, network, key, interval):
    golden = official.golden
    gradient = official.gradient(loss, interval)
    names = [str(name) for name in golden[f"{network}_trainable_names"]]
    norms = [np.linalg.norm(gradient[name].astype(np.float64)) for name in names]
    np.testing.assert_allclose(norms, golden[f"{network}_{key}_grad_l2"], rtol=2e-3, atol=1e-7)
    assert set(names) == set(gradient)
    for name in names:
        expected = golden.expected.get(f"grad_{network}{key}:{name}")
        if expected is not None:
            np.testing.assert_allclose(gradient[name], expected, rtol=5e-3, atol=1e-3 * np.abs(expected).max())


@pytest.mark.slow
@pytest.mark.parametrize("golden", ["stylegan2-r16-labels-gray"], indirect=True)
@pytest.mark.parametrize(("loss", "network", "interval"), [("d_regularization", "D", 16), ("g_regularization", "G", 4)])
def test_xla_finds_the_same_second_derivatives(official, loss, network, interval):
    gradient = official.gradient(loss, interval, jit_compile=True)
    norms = [np.linalg.norm(gradient[name]) for name in official.golden[f"{network}_trainable_names"].tolist()]
    np.testing.assert_allclose(norms, official.golden[f"{network}_reg_grad_l2"], rtol=2e-3, atol=1e-7)
