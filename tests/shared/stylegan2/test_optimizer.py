import numpy as np
import pytest
import tensorflow as tf

from shared.stylegan2.optimizer import Adam


@pytest.fixture
def variable() -> tf.Variable:
    return tf.Variable([1.0, -2.0])


def adam(variable: tf.Variable) -> Adam:
    return Adam({"x": variable}, learning_rate=0.002, interval=16)


def test_main_and_regularization_steps_are_the_official_ones(official):
    golden = official.golden
    values = {key.removeprefix("D_before:"): golden[key] for key in golden.expected if key.startswith("D_before:")}
    for name, before in values.items():
        np.testing.assert_array_equal(official.D[name], before)
    optimizer = Adam(official.D, learning_rate=0.002, interval=16)
    steps = [
        ("d_main", 1, "after_main_step"),
        ("d_regularization", 16, "after_main_and_reg_step"),
        ("d_main", 1, "after_3_steps_main_reg_main"),
    ]
    try:
        for loss, interval, key in steps:
            optimizer.apply(list(official.gradient(loss, interval).values()))
            for name in values:
                np.testing.assert_allclose(official.D[name], golden[f"D_{key}:{name}"], atol=1e-5, err_msg=name)
    finally:
        for name, value in golden.networks.D.items():
            official.D[name].assign(value)


def test_the_first_step_is_as_long_as_the_corrected_learning_rate(variable):
    adam(variable).apply([tf.constant([3.0, -0.1])])
    np.testing.assert_allclose(variable, [1 - 0.002 * 16 / 17, -2 + 0.002 * 16 / 17], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_update_with_a_gradient_that_is_not_finite_is_skipped_and_counted(variable, bad):
    optimizer = adam(variable)
    optimizer.apply([tf.constant([1.0, 1.0])])
    before, moments = variable.numpy(), optimizer.state["x"].numpy()
    optimizer.apply([tf.constant([bad, 1.0])])
    np.testing.assert_array_equal(variable, before)
    np.testing.assert_array_equal(optimizer.state["x"], moments)
    assert (optimizer.skipped, int(optimizer.state["updates"])) == (1, 1)


def test_a_variable_without_gradient_stays_and_its_moment_decays(variable):
    optimizer = adam(variable)
    optimizer.apply([tf.constant([1.0, 1.0])])
    before, moment = variable.numpy(), optimizer.state["x"].numpy()
    with tf.GradientTape() as tape:
        loss = tf.constant(1.0)
    optimizer.minimize(loss, tape)
    np.testing.assert_array_equal(variable, before)
    np.testing.assert_allclose(optimizer.state["x"], moment * 0.99 ** (16 / 17), rtol=1e-6)
