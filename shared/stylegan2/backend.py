"""What `keras.ops` lacks, gradients above all, on either of Keras' back ends. TensorFlow is the default; JAX is tested.

This file and `draws` are the only ones of the networks, losses and augmentations that know which one runs.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras

Tensor = Any
Variables = Mapping[str, Tensor]
"""Official variable name -> tensor or variable."""

ON_JAX = keras.backend.backend() == "jax"

if ON_JAX:
    import jax

    HAS_ACCELERATOR = jax.default_backend() != "cpu"
else:
    import tensorflow as tf

    HAS_ACCELERATOR = bool(tf.config.list_physical_devices("GPU"))


def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of a scalar `function` at `x`, in the shape of `x`; can itself be differentiated."""
    if ON_JAX:
        return jax.grad(function)(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = function(x)
    return tape.gradient(total, x)


def gradients(
    function: Callable[[Variables], tuple[Tensor, Any]], variables: Variables
) -> tuple[dict[str, Tensor], Any]:
    """The gradients of a scalar by the variables, 0 where it depends on none, and what `function` gives beside it.

    `function` takes the variables and returns the scalar and anything else.
    """
    if ON_JAX:
        found, others = jax.grad(function, has_aux=True)(dict(variables))
        return found, others
    values = {name: tf.convert_to_tensor(value) for name, value in variables.items()}
    with tf.GradientTape() as tape:
        tape.watch(values)
        total, others = function(values)
    return tape.gradient(total, values, unconnected_gradients=tf.UnconnectedGradients.ZERO), others


def filtered_by_tensorflow(x: Tensor, kernel: Tensor, stride: int, pad: int) -> Tensor:
    """Every channel of [N, H, W, C] convolved by itself with [h, w, C, 1], after `pad` px of zeros on every side.

    On TensorFlow alone. That the operation pads by itself spares a pass over the maps, but its own gradient is slow
    then: say another with `transposable`, or pad before.
    """
    pads = (
        {"padding": "EXPLICIT", "explicit_paddings": [0, 0, pad, pad, pad, pad, 0, 0]} if pad else {"padding": "VALID"}
    )
    return tf.raw_ops.DepthwiseConv2dNative(input=x, filter=kernel, strides=[1, stride, stride, 1], **pads)


def transposable(x: Tensor, linear: Callable[[Tensor], Tensor], transpose: Callable[[Tensor], Tensor]) -> Tensor:
    """`linear(x)`, whose gradient is said to be `transpose`."""
    return keras.ops.custom_gradient(lambda x: (linear(x), transpose))(x)
