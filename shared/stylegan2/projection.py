"""Projection: finds the w and the noise with which a generator draws a given picture.

The method is that of Karras et al. 2020 ("Analyzing and Improving the Image Quality of StyleGAN", section 5 and
appendix D), with the constants of the official projector, but for the distance of pictures (`perception`).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from keras import ops

from shared.stylegan2 import backend, discriminator, generator, perception
from shared.stylegan2.backend import Tensor, Variables
from shared.stylegan2.grid import PictureArray, to_uint8
from shared.stylegan2.inference import Generator
from shared.stylegan2.w_space import deviation, sampled_w
from shared.stylegan2.weights import Array, Networks

_W = "w"
_SMALLEST = 8  # px: noise is compared with its neighbours down to this size
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # of Adam (Kingma & Ba 2015)


class Space(Enum):
    """The space that w is looked for in: one w for all slots, or one for each, which fits more and means less."""

    W = "w"
    W_PLUS = "w+"


@dataclass(frozen=True)
class Settings:
    """Settings of a projection; the defaults are the official projector's.

    `exploring` is the standard deviation of the random steps of w at the beginning, in parts of that of w itself.
    `noise_weight` is the weight of what keeps noise free of structure. `seed` decides all that is random.
    """

    steps: int = 1000
    space: Space = Space.W
    learning_rate: float = 0.1
    exploring: float = 0.05
    noise_weight: float = 1e5
    seed: int = 0

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, the first being 0: up for 5 % of the steps, down for the last 25 %."""
        share = step / self.steps
        down = 0.5 - 0.5 * math.cos(min(1.0, (1 - share) / 0.25) * math.pi)
        return self.learning_rate * down * min(1.0, share / 0.05)

    def wandering(self, step: int) -> float:
        """Return the share of `exploring` that is left at a step: none after three quarters of the steps."""
        return max(0.0, 1 - step / self.steps / 0.75) ** 2


@dataclass(frozen=True)
class Projected:
    """The state after a number of steps: w [num_ws, w_size], noise maps [1, H, W, 1], and the distance.

    The distance is that of the step's picture, drawn with a w that wandered about the one that was found.
    """

    step: int
    w: Array
    noises: list[Array]
    distance: float


class Projector:
    """Projects pictures with Gs and D of `networks`, those of a class with its `labels` [1, label_size]."""

    def __init__(self, networks: Networks, settings: Settings, labels: Array | None = None) -> None:
        self._architecture, self._settings = networks.architecture, settings
        self._weights = {
            part: {name: ops.convert_to_tensor(value) for name, value in weights.items()}
            for part, weights in (("Gs", networks.Gs), ("D", networks.D))
        }
        self._generator = Generator(networks.architecture, networks.Gs)
        found = sampled_w(self._generator, labels)
        self.average = found.mean(axis=0)
        self._deviation = deviation(found)
        self._step = backend.compiled(self._improved)

    def project(self, target: PictureArray) -> Iterator[Projected]:
        """Yield what has been found of a picture [R, R, num_channels] after each step."""
        random = np.random.default_rng(self._settings.seed)
        goal = self._appearance(discriminator.scaled(ops.convert_to_tensor(target[None])))
        state = self._start(random)
        for step in range(self._settings.steps):
            strength = self._deviation * self._settings.exploring * self._settings.wandering(step)
            wandering = random.standard_normal(state["values"][_W].shape) * strength
            numbers = (wandering, self._settings.rate(step), step + 1.0)
            state, far = self._step(state, goal, *(ops.convert_to_tensor(each, "float32") for each in numbers))
            yield self._found(step + 1, state["values"], float(far))

    def picture(self, found: Projected) -> PictureArray:
        """Draw what has been found: [R, R, num_channels]."""
        drawn: PictureArray = to_uint8(self._generator.pictures_of_styles(found.w[None], found.noises))[0]
        return drawn

    def average_picture(self) -> PictureArray:
        """Draw the picture of the average w, from which every projection starts, with the stored noise."""
        w = np.broadcast_to(self.average, (1, self._architecture.num_ws, self._architecture.w_size))
        drawn: PictureArray = to_uint8(self._generator.pictures_of_styles(w))[0]
        return drawn

    def distance(self, first: PictureArray, second: PictureArray) -> float:
        """Return the distance of two pictures [R, R, num_channels], as the projection measures it."""
        seen = (self._appearance(discriminator.scaled(ops.convert_to_tensor(each[None]))) for each in (first, second))
        return float(perception.distance(*seen)[0])

    def _start(self, random: np.random.Generator) -> dict[str, dict[str, Tensor]]:
        """Return values and Adam's memory before the first step: the average w, and noise."""
        slots = self._architecture.num_ws if self._settings.space is Space.W_PLUS else 1
        values = {_W: np.tile(self.average, (1, slots, 1))}
        for index in range(self._architecture.num_noises):
            side = self._architecture.noise_side(index)
            values[_noise(index)] = random.standard_normal((1, side, side, 1), np.float32)
        tensors = {name: ops.convert_to_tensor(value, "float32") for name, value in values.items()}
        zeros = {name: ops.zeros_like(value) for name, value in tensors.items()}
        return {"values": tensors, "means": zeros, "squares": dict(zeros)}

    def _improved(self, state: Any, goal: Any, wandering: Tensor, rate: Tensor, count: Tensor) -> tuple[Any, Tensor]:
        """Return the state after one step, and the distance before it; `count` is the number of this step, from 1."""

        def loss(values: Variables) -> tuple[Tensor, Tensor]:
            drawn = self._synthesis(values[_W] + wandering, values)
            far = ops.sum(perception.distance(self._appearance(drawn), goal))
            maps = [values[_noise(index)] for index in range(self._architecture.num_noises)]
            return far + self._settings.noise_weight * sum(map(structure, maps)), far

        gradients, far = backend.gradients(loss, state["values"])
        moved = adam(state, gradients, rate, count)
        noises = {name: _normalized(value) for name, value in moved["values"].items() if name != _W}
        return {**moved, "values": {**moved["values"], **noises}}, far

    def _synthesis(self, w: Tensor, values: Variables) -> Tensor:
        slots = ops.broadcast_to(w, (1, self._architecture.num_ws, self._architecture.w_size))
        maps = [values[_noise(index)] for index in range(self._architecture.num_noises)]
        return generator.synthesis(self._architecture, self._weights["Gs"], slots, maps)

    def _appearance(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return perception.appearance(self._architecture, self._weights["D"], pictures)

    def _found(self, step: int, values: Mapping[str, Tensor], far: float) -> Projected:
        w = np.broadcast_to(np.asarray(values[_W])[0], (self._architecture.num_ws, self._architecture.w_size))
        noises = [np.asarray(values[_noise(index)]) for index in range(self._architecture.num_noises)]
        return Projected(step, w, noises, far)


def structure(noise: Tensor) -> Tensor:
    """Return how much structure a noise map [1, H, W, 1] has, which white noise has none of.

    That is the sum, over the map and its halves down to 8 px, of the squared correlation of each pixel with its left
    and with its upper neighbour (Karras et al. 2020, equation 6).
    """
    found = 0.0
    while True:
        for axis in (1, 2):
            found += ops.square(ops.mean(noise * ops.roll(noise, 1, axis=axis)))
        if noise.shape[1] <= _SMALLEST:
            return found
        noise = ops.average_pool(noise, 2, 2, data_format="channels_last")


def _noise(index: int) -> str:
    return f"noise{index}"


def _normalized(noise: Tensor) -> Tensor:
    centred = noise - ops.mean(noise)
    return centred * ops.rsqrt(ops.mean(ops.square(centred)))


def adam(state: Mapping[str, Variables], gradients: Variables, rate: Tensor, count: Tensor) -> dict[str, Any]:
    """Return the state after update `count` of Adam. Keras' own keeps its memory in variables on TensorFlow."""
    moved: dict[str, dict[str, Tensor]] = {"values": {}, "means": {}, "squares": {}}
    for name, gradient in gradients.items():
        mean = _BETAS[0] * state["means"][name] + (1 - _BETAS[0]) * gradient
        square = _BETAS[1] * state["squares"][name] + (1 - _BETAS[1]) * ops.square(gradient)
        corrected = mean / (1 - ops.power(_BETAS[0], count))
        spread = ops.sqrt(square / (1 - ops.power(_BETAS[1], count))) + _EPSILON
        moved["values"][name] = state["values"][name] - rate * corrected / spread
        moved["means"][name], moved["squares"][name] = mean, square
    return moved
