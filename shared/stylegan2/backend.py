"""Additions to `keras.ops`, gradients above all, on both of Keras' back ends: TensorFlow by default; JAX is tested.

Of the networks, losses and augmentations only this file and `services.trainer.learning.draws` know which one runs.

On a CPU TensorFlow runs one operation at a time here, in one inter-op thread, because a step then gives the same bytes
each time; with several of them sums are made in an order that varies. The bytes depend on the number of intra-op
threads, in which an operation is computed, as well. Both numbers are fixed by the first operation of the process.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import keras

from shared.stylegan2.errors import DoesNotWork

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

_COUNTS_THREADS = not (ON_JAX or HAS_ACCELERATOR)
_USUAL_THREADS = int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0)) or len(os.sched_getaffinity(0))
"""Intra-op threads that TensorFlow takes by default: one for each core that this process may use."""

if _COUNTS_THREADS:
    with suppress(RuntimeError):  # TensorFlow is at work already: `require_one_operation_at_a_time` tells who trains
        tf.config.threading.set_inter_op_parallelism_threads(1)


def require_one_operation_at_a_time() -> None:
    """Raise DoesNotWork where TensorFlow began on a CPU with more than one inter-op thread before this was imported."""
    if _COUNTS_THREADS and tf.config.threading.get_inter_op_parallelism_threads() != 1:
        raise DoesNotWork(
            "TensorFlow was at work before shared.stylegan2 was imported, and runs several operations at once: "
            "training would not give the same bytes each time. Import shared.stylegan2 first"
        )


def threads() -> int | None:
    """Return the number of intra-op threads that TensorFlow computes with on a CPU; None on a GPU and on JAX."""
    return (tf.config.threading.get_intra_op_parallelism_threads() or _USUAL_THREADS) if _COUNTS_THREADS else None


def use_threads(count: int) -> int | None:
    """Set the intra-op threads that TensorFlow computes with on a CPU, more than it has cores if need be.

    Return the number that it computes with, as `threads` does: another one where it is at work already.
    """
    if _COUNTS_THREADS and threads() != count:
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(count)
    return threads()


def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return the gradient of a scalar `function` at `x`, in the shape of `x`; can itself be differentiated."""
    if ON_JAX:
        return jax.grad(function)(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = function(x)
    return tape.gradient(total, x)


def gradients(
    function: Callable[[Variables], tuple[Tensor, Any]], variables: Variables
) -> tuple[dict[str, Tensor], Any]:
    """Return the gradients of a scalar by `variables`, 0 where it depends on none, and what `function` gives beside it.

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


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors, in tuples, lists and dictionaries, as one program; XLA's on an accelerator."""
    program: Callable[..., Any] = (
        jax.jit(function) if ON_JAX else tf.function(function, autograph=False, jit_compile=HAS_ACCELERATOR)
    )
    return program


def filtered_by_tensorflow(x: Tensor, kernel: Tensor, stride: int, pad: int) -> Tensor:
    """Convolve every channel of [N, H, W, C] by itself with [h, w, C, 1], after `pad` px of zeros on every side.

    On TensorFlow alone. Padding in the operation itself saves a pass over the maps, but makes its own gradient slow:
    give another with `transposable`, or pad before.
    """
    pads = (
        {"padding": "EXPLICIT", "explicit_paddings": [0, 0, pad, pad, pad, pad, 0, 0]} if pad else {"padding": "VALID"}
    )
    return tf.raw_ops.DepthwiseConv2dNative(input=x, filter=kernel, strides=[1, stride, stride, 1], **pads)


def transposable(x: Tensor, linear: Callable[[Tensor], Tensor], transpose: Callable[[Tensor], Tensor]) -> Tensor:
    """Compute `linear(x)`, with `transpose` as its gradient."""
    return keras.ops.custom_gradient(lambda x: (linear(x), transpose))(x)
