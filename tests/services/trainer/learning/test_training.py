import numpy as np
import pytest

from services.trainer.learning.phases import moving_average
from services.trainer.learning.training import GanTraining, Losses
from shared.recipe.hyperparameters import Augmentation, Hyperparameters, Precision
from shared.stylegan2.weights import Networks, WeightsMismatch

# Every third step regularizes G and every second D, so that a few steps have all four phases.
HYPERPARAMETERS = Hyperparameters(minibatch=4, g_interval=3, d_interval=2, mirror=True)


def reals(step: int, networks: Networks) -> np.ndarray:
    shape = (4, networks.architecture.resolution, networks.architecture.resolution, 3)
    return np.random.default_rng(step).integers(0, 256, shape, np.uint8)


def train(training: GanTraining, networks: Networks, steps: range) -> list:
    return [training.step(reals(step, networks)) for step in steps]


@pytest.fixture(scope="module")
def six_steps(toy) -> tuple[GanTraining, list, dict, dict]:
    training = GanTraining(toy, HYPERPARAMETERS, seed=7)
    first = train(training, toy, range(3))
    state = training.state()
    copy = {name: value.copy() for name, value in state.items()}
    return training, first + train(training, toy, range(3, 6)), state, copy


@pytest.fixture(scope="module")
def another(toy) -> GanTraining:
    """A training of the same kind, compiled once, to be restored to what a test goes on from."""
    return GanTraining(Networks.fresh(toy.architecture, seed=99), HYPERPARAMETERS, seed=1)


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


def test_a_restored_training_goes_on_bit_for_bit(toy, six_steps, another):
    training, losses, state, _ = six_steps
    another.restore(state)
    assert train(another, toy, range(3, 6)) == losses[3:]
    expected, found = training.state(), another.state()
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.usefixtures("eager")
def test_a_step_is_cold_whenever_one_of_its_phases_is_the_first_of_its_kind_here(toy, six_steps):
    resumed = GanTraining(toy, HYPERPARAMETERS, seed=7)
    resumed.restore(six_steps[2] | {"step": np.array(7)})
    found = []
    for step in range(7, 11):  # G is regularised in step 9, D in steps 8 and 10
        found.append(resumed.is_cold)
        resumed.step(reals(step, toy))
    assert found == [True, True, True, False]


def test_a_state_stays_what_it_was_while_training_goes_on(six_steps):
    _, _, state, copy = six_steps
    for name, value in state.items():
        np.testing.assert_array_equal(value, copy[name], err_msg=name)


def test_a_state_of_another_architecture_is_refused_by_name(toy, six_steps):
    state = six_steps[0].state()
    del state["path_length/mean"]
    state["D/Output/bias"] = np.zeros(2, np.float32)
    with pytest.raises(WeightsMismatch, match=r"missing path_length/mean \(\), mis-shaped D/Output/bias \(2,\)"):
        GanTraining(toy, HYPERPARAMETERS).restore(state)


@pytest.mark.usefixtures("eager")
def test_other_random_numbers_give_another_training(toy):
    training, other = GanTraining(toy, HYPERPARAMETERS, seed=7), GanTraining(toy, HYPERPARAMETERS, seed=7)
    other.reseed()
    assert training.step(reals(0, toy)) != other.step(reals(0, toy))


def test_asking_for_an_opinion_changes_nothing(toy, six_steps, another):
    losses = six_steps[1]
    another.restore(GanTraining(toy, HYPERPARAMETERS, seed=7).state())
    for step in range(6):
        evaluate = another.evaluate(np.concatenate([reals(step, toy)] * 2))
        assert np.isfinite([evaluate.pictures, evaluate.fakes]).all()
        assert another.step(reals(step, toy)) == losses[step]


@pytest.mark.usefixtures("eager")
def test_layers_that_are_frozen_stay_and_all_others_learn(toy):
    training = GanTraining(toy, HYPERPARAMETERS.model_copy(update={"freeze_d": 4}))
    train(training, toy, range(2))
    still = {
        name.rpartition("/")[0] for name, value in training.networks().D.items() if np.array_equal(value, toy.D[name])
    }
    assert still == {"8x8/FromRGB", "8x8/Conv0", "8x8/Conv1_down", "8x8/Skip"}
    assert not any(name.startswith("D_adam/8x8") for name in training.state())


@pytest.mark.usefixtures("eager")
def test_d_may_learn_several_times_a_step_each_time_from_other_reals(toy):
    training = GanTraining(toy, HYPERPARAMETERS.model_copy(update={"d_repeats": 3}))
    training.step(np.concatenate([reals(step, toy) for step in range(3)]))
    state = training.state()
    assert (training.kimg, state["G_adam/updates"], state["D_adam/updates"]) == (0.012, 2, 4)


@pytest.mark.usefixtures("eager")
def test_a_regularisation_without_weight_is_left_out(toy):
    training = GanTraining(toy, HYPERPARAMETERS.model_copy(update={"path_length_weight": 0.0, "r1_gamma": 0.0}))
    losses = training.step(reals(0, toy))
    assert (losses.r1, losses.path_length) == (None, None)
    assert training.state()["G_adam/updates"] == training.state()["D_adam/updates"] == 1


@pytest.fixture
def eager_step(toy, eager) -> Losses:
    """The first step without augmentation, run eagerly."""
    return GanTraining(toy, HYPERPARAMETERS, seed=7).step(reals(0, toy))


@pytest.mark.parametrize("augmentation", [Augmentation.ADA, Augmentation.FIXED, Augmentation.DIFFAUGMENT])
def test_an_augmented_training_learns_otherwise(toy, eager_step, augmentation):
    training = GanTraining(
        toy, HYPERPARAMETERS.model_copy(update={"augmentation": augmentation, "augment_p": 0.5}), seed=7
    )
    losses = training.step(reals(0, toy))
    assert np.isfinite([losses.g, losses.d, losses.r1, losses.path_length]).all()
    assert losses.d != eager_step.d
    assert losses.augment_p == (None if augmentation is Augmentation.DIFFAUGMENT else 0.5)


@pytest.mark.usefixtures("eager")
def test_without_a_probability_ada_changes_nothing(toy, six_steps):
    training = GanTraining(toy, HYPERPARAMETERS.model_copy(update={"augmentation": Augmentation.FIXED}), seed=7)
    found, expected = training.step(reals(0, toy)), six_steps[1][0]
    # In the first step all is drawn before the augmentation draws, and what it draws changes nothing.
    assert (found.g, found.d, found.r1, found.path_length) == pytest.approx(
        (expected.g, expected.d, expected.r1, expected.path_length), rel=1e-5
    )
    assert found.augment_p == 0


@pytest.mark.usefixtures("eager")
def test_ada_moves_p_every_fourth_step_and_goes_on_with_it_when_resumed(toy):
    ada = HYPERPARAMETERS.model_copy(
        update={
            "augmentation": Augmentation.ADA,
            "augment_pipe": "color",
            "augment_p": 0.5,
            "ada_kimg": 0.1,
            "ada_target": 0.999,
        }
    )
    training = GanTraining(toy, ada, seed=7)
    ps = [training.step(reals(step, toy)).augment_p for step in range(9)]
    assert ps[:4] == [0.5] * 4
    assert ps[4:8] == [pytest.approx(0.5 - 16 / 100)] * 4  # D is never so sure of its reals
    assert ps[8] == pytest.approx(0.5 - 32 / 100)
    resumed = GanTraining(toy, ada)
    resumed.restore(training.state())
    assert resumed.step(reals(9, toy)) == training.step(reals(9, toy))


@pytest.mark.usefixtures("eager")
def test_consistency_has_its_price(toy):
    plain, balanced = (
        GanTraining(toy, HYPERPARAMETERS.model_copy(update={"bcr_weight": weight})) for weight in (0, 1e3)
    )
    assert plain.step(reals(0, toy)).d < balanced.step(reals(0, toy)).d


@pytest.mark.usefixtures("eager")
def test_bfloat16_trains_to_about_the_same_losses(toy, six_steps):
    training = GanTraining(toy, HYPERPARAMETERS.model_copy(update={"precision": Precision.BFLOAT16}), seed=7)
    for found, expected in zip(train(training, toy, range(3)), six_steps[1], strict=False):
        assert (found.g, found.d) == pytest.approx((expected.g, expected.d), rel=0.05)
    assert all(value.dtype == np.float32 for value in training.networks().G.values())


@pytest.mark.usefixtures("eager")
def test_parts_of_a_minibatch_add_up_to_one_update(toy):
    training = GanTraining(toy, HYPERPARAMETERS.model_copy(update={"minibatch_gpu": 2}), seed=7)
    losses = train(training, toy, range(2))
    assert np.isfinite([loss.d for loss in losses]).all()
    assert (training.kimg, training.state()["D_adam/updates"]) == (0.008, 3)


def test_a_minibatch_that_cannot_be_shared_out_is_refused(toy):
    with pytest.raises(ValueError, match="a minibatch of 4 cannot be split among 1 devices in parts of 3"):
        GanTraining(toy, HYPERPARAMETERS.model_copy(update={"minibatch_gpu": 3}))


@pytest.mark.slow
def test_a_compiled_step_trains(toy):
    training = GanTraining(toy, HYPERPARAMETERS, jit_compile=True)
    losses = training.step(reals(0, toy))
    assert np.isfinite([losses.g, losses.d, losses.real_score, losses.fake_score, losses.r1, losses.path_length]).all()
    assert training.skipped == 0
    trained = training.networks()
    for network in ("G", "D", "Gs"):
        before, after = getattr(toy, network), getattr(trained, network)
        assert any(not np.array_equal(after[name], value) for name, value in before.items())


def test_the_moving_average_is_the_official_one(golden):
    expected = {key.removeprefix("ema_after:"): key for key in golden.expected if key.startswith("ema_after:")}
    beta = Hyperparameters().ema_beta(images=0)
    assert beta == pytest.approx(float(golden["ema_beta"]), rel=1e-9)
    moved = moving_average(golden.networks.Gs, golden.networks.G, beta)
    for name, key in expected.items():
        np.testing.assert_allclose(moved[name], golden[key], atol=1e-6, err_msg=name)
