"""One training step of StyleGAN2, and all that must be kept to go on with it exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from shared.stylegan2 import discriminator, generator, losses
from shared.stylegan2.architecture import is_trainable
from shared.stylegan2.arrays import Arrays
from shared.stylegan2.draws import DRAWS_PER_PHASE, Draws
from shared.stylegan2.hyperparameters import Hyperparameters
from shared.stylegan2.layers import Tensor, Variables
from shared.stylegan2.optimizer import Adam
from shared.stylegan2.weights import Array, Networks, Weights, check


@dataclass(frozen=True)
class Losses:
    """Of one step, means over the batch; the regularisation terms are None in steps that have none.

    `real_sign` is the mean sign of D's scores of reals, ADA's measure of overfitting (Karras et al. 2020b: its target
    is 0.6, and 1 is overfitted). `r1` and `path_length` are penalties before their weights.
    """

    g: float
    d: float
    real_score: float
    fake_score: float
    real_sign: float
    r1: float | None
    path_length: float | None


class Training:
    """G, D, Gs and their optimizers. Every random number follows from `seed` and the number of the step.

    `jit_compile` says whether XLA compiles the four phases of a step; None means on a GPU only. On a CPU a compiled
    step is hardly faster, and ready after a minute instead of ten seconds (measured: 64 px, two cores).
    """

    def __init__(
        self,
        networks: Networks,
        hyperparameters: Hyperparameters,
        seed: int = 0,
        jit_compile: bool | None = None,
    ) -> None:
        self.architecture = networks.architecture
        self.hyperparameters = hyperparameters
        self._seed = seed
        self._step = 0
        self._images = 0
        self._G, self._D, self._Gs = (_variables(each) for each in (networks.G, networks.D, networks.Gs))
        self._G_adam = Adam(_learning(self._G), hyperparameters.learning_rate, hyperparameters.g_interval)
        self._D_adam = Adam(_learning(self._D), hyperparameters.learning_rate, hyperparameters.d_interval)
        self._pl_mean = tf.Variable(0.0, trainable=False)
        compiled = bool(tf.config.list_physical_devices("GPU")) if jit_compile is None else jit_compile
        self._phases = {
            phase: tf.function(phase, jit_compile=compiled, autograph=False)
            for phase in (self._g_main, self._g_regularize, self._d_main, self._d_regularize)
        }

    @property
    def kimg(self) -> float:
        """Thousands of reals shown to D."""
        return self._images / 1000

    @property
    def skipped(self) -> int:
        """Updates left out because a gradient was not finite."""
        return self._G_adam.skipped + self._D_adam.skipped

    def step(self, reals: npt.NDArray[np.uint8], labels: Array | None = None) -> Losses:
        """One step on uint8 reals [minibatch, R, R, num_channels] and one-hot labels [minibatch, label_size] of all."""
        one_hot = tf.constant(np.zeros((len(reals), 0), np.float32) if labels is None else labels)
        pictures = tf.constant(reals)
        g = self._run(self._g_main, one_hot)
        path_length = self._run(self._g_regularize, one_hot) if self._due(self.hyperparameters.g_interval) else None
        d, real_score, fake_score, real_sign = map(float, self._run(self._d_main, one_hot, pictures))
        r1 = self._run(self._d_regularize, one_hot, pictures) if self._due(self.hyperparameters.d_interval) else None
        self._step += 1
        self._images += len(reals)
        return Losses(float(g), d, real_score, fake_score, real_sign, _value(r1), _value(path_length))

    def networks(self) -> Networks:
        """The networks as they are now."""
        return Networks(self.architecture, *(_arrays(part) for part in (self._G, self._D, self._Gs)))

    def state(self) -> Arrays:
        """A copy of everything that `restore` needs: `G/...`, `D_adam/...`, `pl_mean`, `step` and so on."""
        counts = {"seed": self._seed, "step": self._step, "images": self._images}
        return _arrays(self._everything()) | {name: np.array(count) for name, count in counts.items()}

    def restore(self, state: Arrays) -> None:
        """Go on where `state` was taken: the steps that follow are the same, bit for bit on the same kind of device.

        Raises WeightsMismatch where the state is that of another architecture.
        """
        everything = self._everything()
        shapes = {name: tuple(variable.shape) for name, variable in everything.items()}
        check(state, shapes | {"seed": (), "step": (), "images": ()})
        for name, variable in everything.items():
            variable.assign(state[name])
        self._seed, self._step, self._images = (int(state[name]) for name in ("seed", "step", "images"))

    def _everything(self) -> dict[str, tf.Variable]:
        parts = {"G": self._G, "D": self._D, "Gs": self._Gs}
        parts |= {"G_adam": self._G_adam.state, "D_adam": self._D_adam.state}
        return {"pl_mean": self._pl_mean} | {
            f"{part}/{name}": variable for part, variables in parts.items() for name, variable in variables.items()
        }

    def _due(self, interval: int) -> bool:
        return self._step % interval == 0

    def _run(self, phase: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
        number = list(self._phases).index(phase)
        first = (self._step * len(self._phases) + number) * DRAWS_PER_PHASE
        seed = tf.constant([self._seed, first], tf.int32)
        return self._phases[phase](seed, *arguments)

    def _g_main(self, seed: Tensor, labels: Tensor) -> Tensor:
        draws = Draws(seed)
        with tf.GradientTape() as tape:
            fakes = self._synthesis(self._w(labels, draws), draws)
            loss = ops.mean(losses.generator_logistic(self._scores(fakes, labels)))
        self._G_adam.minimize(loss, tape)
        return loss

    def _g_regularize(self, seed: Tensor, labels: Tensor) -> Tensor:
        draws = Draws(seed)
        settings = self.hyperparameters
        labels = labels[: settings.pl_minibatch]
        with tf.GradientTape() as tape:
            w = self._w(labels, draws)
            noise = draws.normal((labels.shape[0], *self._picture_shape()))
            length = losses.path_length(lambda w: self._synthesis(w, draws), w, noise, self._pl_mean, settings.pl_decay)
            penalty = ops.mean(length.penalty)
            loss = penalty * (settings.pl_weight * settings.g_interval)
        self._pl_mean.assign(tf.where(tf.math.is_finite(length.mean), length.mean, self._pl_mean))
        self._G_adam.minimize(loss, tape)
        return penalty

    def _d_main(self, seed: Tensor, labels: Tensor, reals: Tensor) -> tuple[Tensor, ...]:
        draws = Draws(seed)
        fakes = self._synthesis(self._w(labels, draws), draws)
        pictures = self._pictures(reals, draws)
        with tf.GradientTape() as tape:
            fake_scores = self._scores(fakes, labels)
            real_scores = self._scores(pictures, labels)
            loss = ops.mean(losses.discriminator_logistic(real_scores, fake_scores))
        self._D_adam.minimize(loss, tape)
        self._follow()
        return loss, ops.mean(real_scores), ops.mean(fake_scores), ops.mean(ops.sign(real_scores))

    def _d_regularize(self, seed: Tensor, labels: Tensor, reals: Tensor) -> Tensor:
        settings = self.hyperparameters
        pictures = self._pictures(reals, Draws(seed))
        with tf.GradientTape() as tape:
            penalty = ops.mean(losses.r1_penalty(lambda x: self._scores(x, labels), pictures))
            loss = penalty * (settings.gamma / 2 * settings.d_interval)
        self._D_adam.minimize(loss, tape)
        return penalty

    def _w(self, labels: Tensor, draws: Draws) -> Tensor:
        """Style-mixed w of fresh z; the running average of w takes note of the first of the two."""
        first, second = self._mapped(labels, draws), self._mapped(labels, draws)
        self._G["dlatent_avg"].assign(generator.updated_average(self._G["dlatent_avg"], first))
        slots = self.architecture.num_ws
        mixes = draws.happens(self.hyperparameters.style_mixing)
        crossover = tf.where(mixes, draws.integer(1, slots), slots)
        broadcast = [generator.broadcast(self.architecture, w) for w in (first, second)]
        return generator.mix(broadcast[0], broadcast[1], crossover)

    def _mapped(self, labels: Tensor, draws: Draws) -> Tensor:
        z = draws.normal((labels.shape[0], self.architecture.z_size))
        return generator.mapping(self.architecture, self._G, z, labels)

    def _synthesis(self, w: Tensor, draws: Draws) -> Tensor:
        sides = map(self.architecture.noise_side, range(self.architecture.num_noises))
        noises = [draws.normal((w.shape[0], side, side, 1)) for side in sides]
        return generator.synthesis(self.architecture, self._G, w, noises)

    def _scores(self, pictures: Tensor, labels: Tensor) -> Tensor:
        return discriminator.scores(self.architecture, self._D, pictures, labels)

    def _pictures(self, reals: Tensor, draws: Draws) -> Tensor:
        pictures = discriminator.normalized(reals)
        if not self.hyperparameters.mirror:
            return pictures
        flipped = draws.happens(0.5, (reals.shape[0], 1, 1, 1))
        return tf.where(flipped, tf.reverse(pictures, [2]), pictures)

    def _picture_shape(self) -> tuple[int, int, int]:
        return self.architecture.resolution, self.architecture.resolution, self.architecture.num_channels

    def _follow(self) -> None:
        for name, value in moving_average(self._Gs, self._G, self.hyperparameters.ema_beta).items():
            self._Gs[name].assign(value)


def moving_average(average: Variables, current: Variables, beta: float) -> dict[str, Tensor]:
    """Gs after it has followed G: it keeps `beta` of itself where variables learn, and copies the others."""
    betas = {name: beta if is_trainable(name) else 0.0 for name in average}
    return {name: current[name] + (value - current[name]) * betas[name] for name, value in average.items()}


def _variables(weights: Weights) -> dict[str, tf.Variable]:
    return {name: tf.Variable(value, trainable=is_trainable(name)) for name, value in weights.items()}


def _learning(variables: dict[str, tf.Variable]) -> dict[str, tf.Variable]:
    return {name: variable for name, variable in variables.items() if variable.trainable}


def _arrays(variables: dict[str, tf.Variable]) -> dict[str, Any]:
    return {name: variable.numpy() for name, variable in variables.items()}


def _value(scalar: Tensor | None) -> float | None:
    return None if scalar is None else float(scalar)
