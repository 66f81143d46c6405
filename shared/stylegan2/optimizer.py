"""Adam as StyleGAN2 uses it: beta1 = 0, moments shared by the main and the regularisation steps."""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from shared.stylegan2.layers import Tensor


class Adam:
    """Adam (Kingma & Ba 2015) without a first moment, which beta1 = 0 makes equal to the gradient.

    A regularisation every `interval` steps adds an update to `interval` others; `learning_rate` and beta2 0.99 are
    corrected for it by c = interval / (interval + 1) (Karras et al. 2020, appendix B). When a gradient is not finite,
    the whole update is skipped and counted.
    """

    def __init__(self, variables: Mapping[str, Tensor], learning_rate: float, interval: int) -> None:
        correction = interval / (interval + 1)
        self._learning_rate = learning_rate * correction
        self._beta2 = 0.99**correction
        self._variables = dict(variables)
        self._squares = {name: _zeros(value.shape, tf.float32) for name, value in variables.items()}
        self._updates = _zeros((), tf.int64)
        self._skipped = _zeros((), tf.int64)

    @property
    def state(self) -> dict[str, tf.Variable]:
        """All it remembers: second moments under the names of their variables, the counts `updates` and `skipped`."""
        return {**self._squares, "updates": self._updates, "skipped": self._skipped}

    @property
    def skipped(self) -> int:
        """Updates left out because a gradient was not finite."""
        return int(self._skipped)

    def minimize(self, loss: Tensor, tape: tf.GradientTape) -> None:
        """One update along the gradient that `tape` finds, which is 0 where the loss does not depend on a variable."""
        variables = list(self._variables.values())
        self.apply(tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO))

    def apply(self, gradients: Sequence[Tensor]) -> None:
        """One update from gradients in the order of the variables."""
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients])
        self._skipped.assign_add(tf.cast(~finite, tf.int64))
        self._updates.assign_add(tf.cast(finite, tf.int64))
        count = tf.cast(self._updates, tf.float32)
        rate = self._learning_rate * tf.sqrt(1 - tf.pow(self._beta2, count))
        for name, gradient in zip(self._variables, gradients, strict=True):
            square = self._squares[name]
            moved = square + (tf.square(gradient) - square) * (1 - self._beta2)
            step = rate * gradient / (tf.sqrt(moved) + 1e-8)
            square.assign(tf.where(finite, moved, square))
            self._variables[name].assign_sub(tf.where(finite, step, tf.zeros_like(step)))


def _zeros(shape: Sequence[int], dtype: tf.DType) -> tf.Variable:
    return tf.Variable(tf.zeros(shape, dtype), trainable=False)
