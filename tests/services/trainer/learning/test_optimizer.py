import numpy as np
import pytest
from keras import ops

from services.trainer.learning.optimizer import SKIPPED, UPDATES, Adam, fresh_memory
from shared.stylegan2.arrays import Arrays
from shared.stylegan2.backend import ON_JAX

PRECISE = 1e-4 if ON_JAX else 1e-5  # a gradient near 0 makes a step of full length, whose sign is that of its noise
ADAM = Adam.lazy(learning_rate=0.002, interval=16)


class Descent:
    """Two numbers and the optimizer's memory of them."""

    def __init__(self) -> None:
        self.variables: Arrays = {"x": np.array([1.0, -2.0], np.float32)}
        self.memory: Arrays = fresh_memory(self.variables, ["x"])

    def go(self, *gradient: float) -> None:
        found = ADAM.updated(tensors(self.variables), tensors(self.memory), tensors({"x": np.float32(gradient)}))
        self.variables, self.memory = ({name: np.array(value) for name, value in each.items()} for each in found)


@pytest.fixture
def descent() -> Descent:
    return Descent()


def tensors(arrays: Arrays) -> dict:
    return {name: ops.convert_to_tensor(value) for name, value in arrays.items()}


def test_main_and_regularization_steps_are_the_official_ones(official):
    golden = official.golden
    known = {key.removeprefix("D_before:"): golden[key] for key in golden.expected if key.startswith("D_before:")}
    variables, memory = dict(official.D), tensors(fresh_memory(golden.networks.D, official.D))
    for name, before in known.items():
        np.testing.assert_array_equal(variables[name], before)
    for loss, interval, key in [
        ("d_main", 1, "after_main_step"),
        ("d_regularization", 16, "after_main_and_reg_step"),
        ("d_main", 1, "after_3_steps_main_reg_main"),
    ]:
        slopes = official.gradient(loss, interval, at=variables)
        variables, memory = ADAM.updated(variables, memory, tensors(slopes))
        for name in known:
            np.testing.assert_allclose(variables[name], golden[f"D_{key}:{name}"], atol=PRECISE, err_msg=name)


def test_the_first_step_is_as_long_as_the_corrected_learning_rate(descent):
    descent.go(3.0, -0.1)
    np.testing.assert_allclose(descent.variables["x"], [1 - 0.002 * 16 / 17, -2 + 0.002 * 16 / 17], rtol=1e-6)


def test_without_regularization_nothing_is_corrected():
    assert Adam.lazy(0.002, None) == Adam(0.002, 0.99)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_update_with_a_gradient_that_is_not_finite_is_skipped_and_counted(descent, bad):
    descent.go(1.0, 1.0)
    variable, moments = descent.variables["x"], descent.memory["x"]
    descent.go(bad, 1.0)
    np.testing.assert_array_equal(descent.variables["x"], variable)
    np.testing.assert_array_equal(descent.memory["x"], moments)
    assert (descent.memory[SKIPPED], descent.memory[UPDATES]) == (1, 1)


def test_without_a_slope_a_variable_stays_and_its_moment_decays(descent):
    descent.go(1.0, 1.0)
    variable, moment = descent.variables["x"], descent.memory["x"]
    descent.go(0.0, 0.0)
    np.testing.assert_array_equal(descent.variables["x"], variable)
    np.testing.assert_allclose(descent.memory["x"], moment * 0.99 ** (16 / 17), rtol=1e-6)
