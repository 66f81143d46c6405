"""Runs on JAX only: `test_jax.py` starts a process in which that is Keras' back end."""

import numpy as np
import pytest

from services.trainer.learning.draws import Draws
from services.trainer.learning.phases import D_MAIN, Batch, PhaseResult
from services.trainer.learning.training import GanTraining
from shared.recipe.hyperparameters import Hyperparameters
from shared.stylegan2.backend import ON_JAX
from shared.stylegan2.weights import Networks
from tests.services.trainer.learning.outcomes import graph

pytestmark = pytest.mark.skipif(not ON_JAX, reason="Keras runs on TensorFlow; test_jax.py runs this on JAX")

# Without regularisation there are two phases less to compile.
SETTINGS = Hyperparameters(minibatch=4, path_length_weight=0.0, r1_gamma=0.0)


def reals(step: int) -> np.ndarray:
    return np.random.default_rng(step).integers(0, 256, (4, 8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def training(toy: Networks) -> GanTraining:
    return GanTraining(toy, SETTINGS, seed=7)


def buffers(training: GanTraining) -> list:
    return [value for values in training._engine._state.values() for value in values.values()]


def test_each_step_takes_the_buffers_of_the_state_before_it(training):
    for step in range(3):
        before = buffers(training)
        training.step(reals(step))
        assert all(buffer.is_deleted() for buffer in before)
        assert not any(buffer.is_deleted() for buffer in buffers(training))


def test_what_was_read_or_written_stays_when_its_buffers_are_taken(toy, training):
    given = {name: value.copy() for name, value in toy.G.items()}
    read = training.state()
    training.restore(read)
    copy = {name: value.copy() for name, value in read.items()}
    networks = training.networks()
    first = training.step(reals(3))
    training.step(reals(4))
    for name, value in copy.items():
        np.testing.assert_array_equal(read[name], value, err_msg=name)
    for name, value in networks.G.items():
        np.testing.assert_array_equal(value, copy[f"G/{name}"], err_msg=name)
        np.testing.assert_array_equal(toy.G[name], given[name], err_msg=name)
    training.restore(read)
    assert training.step(reals(3)) == first


def test_an_opinion_between_steps_changes_nothing(training):
    before = training.state()
    evaluate = training.evaluate(np.concatenate([reals(5), reals(6)]))
    assert np.isfinite([evaluate.pictures, evaluate.fakes]).all()
    after = training.state()
    assert after.keys() == before.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)


def test_parts_of_a_minibatch_add_up_to_one_update(toy):
    training = GanTraining(toy, SETTINGS.model_copy(update={"minibatch_gpu": 2}))
    phases, engine = training._phases, training._engine
    state = engine.read()
    batch = Batch(reals(0), np.zeros((4, 0), np.float32), np.float32(0))
    measures = engine.run(D_MAIN, (7, 512), batch, 0.5)

    find = graph(lambda seed, batch: phases.d_main(state, Draws(seed), batch))
    found = [find(np.array([7, number, 512]), batch.part(number, 2)) for number in range(2)]
    means = (
        {name: (value + other[name]) / 2 for name, value in each.items()} for each, other in zip(*found, strict=True)
    )
    outcome = PhaseResult(*means)
    assert measures["d"] == pytest.approx(float(outcome.measures["d"]), rel=1e-5)
    for part, values in phases.learnt(D_MAIN, state, outcome, 0.5).items():
        for name, value in values.items():
            np.testing.assert_allclose(engine.value(part, name), value, rtol=0, atol=1e-5, err_msg=name)


def test_several_devices_are_refused(toy):
    with pytest.raises(ValueError, match="several devices are used on the TensorFlow back end only"):
        GanTraining(toy, SETTINGS, devices=["cpu:0", "cpu:1"])
