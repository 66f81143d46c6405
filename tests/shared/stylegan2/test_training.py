import numpy as np
import pytest

from shared.stylegan2.hyperparameters import Hyperparameters
from shared.stylegan2.training import Training, moving_average
from shared.stylegan2.weights import Networks, WeightsMismatch

# Every third step regularizes G and every second D, so that a few steps have all four phases.
HYPERPARAMETERS = Hyperparameters(minibatch=4, g_interval=3, d_interval=2, mirror=True)


def reals(step: int, networks: Networks) -> np.ndarray:
    shape = (4, networks.architecture.resolution, networks.architecture.resolution, 3)
    return np.random.default_rng(step).integers(0, 256, shape, np.uint8)


def train(training: Training, networks: Networks, steps: range) -> list:
    return [training.step(reals(step, networks)) for step in steps]


@pytest.fixture(scope="module")
def six_steps(toy) -> tuple[Training, list, dict, dict]:
    training = Training(toy, HYPERPARAMETERS, seed=7)
    first = train(training, toy, range(3))
    state = training.state()
    copy = {name: value.copy() for name, value in state.items()}
    return training, first + train(training, toy, range(3, 6)), state, copy


def test_every_variable_but_the_noise_moves(toy, six_steps):
    trained = six_steps[0].networks()
    still = {
        name
        for network in ("G", "D", "Gs")
        for name, value in getattr(trained, network).items()
        if np.array_equal(value, getattr(toy, network)[name])
    }
    assert still == {f"G_synthesis/noise{index}" for index in range(toy.architecture.num_noises)}


def test_losses_are_finite_and_regularization_comes_at_its_intervals(six_steps):
    training, losses, *_ = six_steps
    assert all(np.isfinite([loss.g, loss.d, loss.real_score, loss.fake_score]).all() for loss in losses)
    assert [loss.path_length is not None for loss in losses] == [True, False, False, True, False, False]
    assert [loss.r1 is not None for loss in losses] == [True, False, True, False, True, False]
    assert all(-1 <= loss.real_sign <= 1 for loss in losses)
    assert (training.kimg, training.skipped) == (0.024, 0)


def test_a_restored_training_goes_on_bit_for_bit(toy, six_steps):
    training, losses, state, _ = six_steps
    resumed = Training(Networks.fresh(toy.architecture, seed=99), HYPERPARAMETERS, seed=1)
    resumed.restore(state)
    assert train(resumed, toy, range(3, 6)) == losses[3:]
    expected, found = training.state(), resumed.state()
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_a_state_stays_what_it_was_while_training_goes_on(six_steps):
    _, _, state, copy = six_steps
    for name, value in state.items():
        np.testing.assert_array_equal(value, copy[name], err_msg=name)


def test_a_state_of_another_architecture_is_refused_by_name(toy, six_steps):
    state = six_steps[0].state()
    del state["pl_mean"]
    state["D/Output/bias"] = np.zeros(2, np.float32)
    with pytest.raises(WeightsMismatch, match=r"missing pl_mean \(\), mis-shaped D/Output/bias \(2,\)"):
        Training(toy, HYPERPARAMETERS).restore(state)


@pytest.mark.slow
def test_a_compiled_step_trains(toy):
    training = Training(toy, HYPERPARAMETERS, jit_compile=True)
    losses = training.step(reals(0, toy))
    assert np.isfinite(list(vars(losses).values())).all()
    assert training.skipped == 0
    trained = training.networks()
    for network in ("G", "D", "Gs"):
        before, after = getattr(toy, network), getattr(trained, network)
        assert any(not np.array_equal(after[name], value) for name, value in before.items())


def test_the_moving_average_is_the_official_one(golden):
    expected = {key.removeprefix("ema_after:"): key for key in golden.expected if key.startswith("ema_after:")}
    beta = Hyperparameters().ema_beta
    assert beta == pytest.approx(float(golden["ema_beta"]), rel=1e-9)
    moved = moving_average(golden.networks.Gs, golden.networks.G, beta)
    for name, key in expected.items():
        np.testing.assert_allclose(moved[name], golden[key], atol=1e-6, err_msg=name)
