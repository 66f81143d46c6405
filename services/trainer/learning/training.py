"""Training steps of StyleGAN2, and the state by which training resumes exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.trainer.learning import phases
from services.trainer.learning.augmentation.controller import adjusted
from services.trainer.learning.draws import DRAWS_PER_PHASE
from services.trainer.learning.engine import Engine, Values
from services.trainer.learning.optimizer import SKIPPED, fresh_memory
from services.trainer.learning.phases import Batch, Phases
from shared.recipe.hyperparameters import ADA_INTERVAL, Augmentation, Hyperparameters
from shared.stylegan2.arrays import Arrays
from shared.stylegan2.backend import ON_JAX, Tensor
from shared.stylegan2.grid import PictureArray
from shared.stylegan2.weights import Array, Networks, check_shapes

_WITH_PROBABILITY = (Augmentation.ADA, Augmentation.FIXED)

_SEED_STEP = 1_000_003
"""From a seed to the next: far enough that `evaluate`, whose seeds follow the training's, never gets there."""


@dataclass(frozen=True)
class Losses:
    """Losses of one step, means over the batch; the regularisation terms are None in steps that have none.

    `real_sign` is the mean sign of D's scores of reals, ADA's measure of overfitting (Karras et al. 2020b: its target
    is 0.6, and 1 is overfitted), and `augment_p` the probability with which pictures were augmented, None where there
    is none. `r1` and `path_length` are penalties before their weights.
    """

    g: float
    d: float
    real_score: float
    fake_score: float
    real_sign: float
    augment_p: float | None
    r1: float | None
    path_length: float | None


@dataclass(frozen=True)
class Evaluation:
    """Mean scores that D gives to pictures and to what G draws."""

    pictures: float
    fakes: float


class GanTraining:
    """G, D, Gs and their optimizers. Every random number follows from `seed` and the number of the step.

    `jit_compile` says whether XLA compiles the phases of a step; None means on a GPU only. On a CPU a compiled step
    takes ten times as long, its convolutions being XLA's own (measured: 64 px, two cores). `devices` share each
    minibatch; None is all GPUs, or the CPU. Raises ValueError when a minibatch cannot be shared so.
    """

    def __init__(
        self,
        networks: Networks,
        hyperparameters: Hyperparameters,
        seed: int = 0,
        jit_compile: bool | None = None,
        devices: Sequence[str] | None = None,
    ) -> None:
        self.architecture = networks.architecture
        self.hyperparameters = hyperparameters
        self._counts = {"seed": seed, "step": 0, "images": 0, "signs_of": 0}
        self._augment = {"augment_p": hyperparameters.augment_p, "signs": 0.0}
        self._phases = Phases(self.architecture, hyperparameters)
        self._compiled = set[str]()
        self._engine = _open_engine(self._phases, self._fresh_state(networks), jit_compile, devices)

    @property
    def kimg(self) -> float:
        """Return the thousands of reals shown to D."""
        return self._counts["images"] / 1000

    @property
    def is_cold(self) -> bool:
        """Return whether a phase of the next step is the first of its kind here, so that it is compiled."""
        return not self._compiled.issuperset(self._due_phases())

    @property
    def skipped(self) -> int:
        """Return the number of updates left out because a gradient was not finite."""
        return sum(int(self._engine.value(optimizer, SKIPPED)) for optimizer in ("G_adam", "D_adam"))

    @property
    def memory(self) -> int:
        """Most bytes that a device's memory has held; on a CPU, that this process has."""
        return self._engine.memory()

    def step(self, reals: PictureArray | Tensor, labels: Array | None = None) -> Losses:
        """Take one step on uint8 reals [d_repeats * minibatch, R, R, num_channels] and one-hot labels of all."""
        settings = self.hyperparameters
        batches = self._minibatches(reals, labels)
        g = self._run(phases.G_MAIN, 0, batches[0])
        path_length = r1 = None
        due = self._due_phases()
        if phases.G_REGULARIZE in due:
            path_length = self._run(phases.G_REGULARIZE, 1, batches[0])["path_length"]
        for repeat, batch in enumerate(batches):
            d = self._run(phases.D_MAIN, 3 + repeat, batch, follow=repeat == 0)
            self._count(batch.reals.shape[0], d["real_sign"])
        if phases.D_REGULARIZE in due:
            r1 = self._run(phases.D_REGULARIZE, 2, batches[-1])["r1"]
        p = self._augment["augment_p"] if settings.augmentation in _WITH_PROBABILITY else None
        self._counts["step"] += 1
        self._adapt()
        return Losses(g["g"], d["d"], d["real_score"], d["fake_score"], d["real_sign"], p, r1, path_length)

    def evaluate(self, pictures: PictureArray | Tensor, labels: Array | None = None) -> Evaluation:
        """Score uint8 pictures [n * minibatch, R, R, num_channels] and fakes by D as in training; nothing is learnt."""
        batches = self._minibatches(pictures, labels)
        found = [self._run(phases.D_EVALUATE, 0, batch, seed=number) for number, batch in enumerate(batches, 1)]
        means = (float(np.mean([each[name] for each in found])) for name in ("real_score", "fake_score"))
        return Evaluation(*means)

    def networks(self) -> Networks:
        """Return the networks as they are now."""
        state = self._engine.read()
        return Networks(self.architecture, state["G"], state["D"], state["Gs"])

    def state(self) -> Arrays:
        """Return a copy of all that `restore` needs: `G/...`, `D_adam/...`, `path_length/mean`, `step` and so on."""
        counts = {name: np.array(count) for name, count in (self._counts | self._augment).items()}
        return _flat(self._engine.read()) | counts

    def restore(self, state: Arrays) -> None:
        """Replace the state by `state`, so that the next steps are those that would have followed it.

        On a CPU they are the same bit for bit, with the same libraries, the same kind of processor and the same number
        of intra-op threads (`backend.threads`); on JAX with the same number of cores. On a GPU they need not be:
        TensorFlow promises that only after `tf.config.experimental.enable_op_determinism()`, which nothing here calls.
        Raises WeightsMismatch where the state is that of another architecture.
        """
        present = self._engine.read()
        shapes = {name: value.shape for name, value in _flat(present).items()}
        check_shapes(state, shapes | dict.fromkeys((*self._counts, *self._augment), ()))
        self._engine.write({part: {name: state[f"{part}/{name}"] for name in present[part]} for part in present})
        self._counts = {name: int(state[name]) for name in self._counts}
        self._augment = {name: float(state[name]) for name in self._augment}

    def reseed(self) -> None:
        """Draw other random numbers from the next step on, by another seed."""
        self._counts["seed"] = (self._counts["seed"] + _SEED_STEP) % 2**31

    def _fresh_state(self, networks: Networks) -> Values:
        learning = {
            network: [name for name in weights if self._phases.learns(network, name)]
            for network, weights in (("G", networks.G), ("D", networks.D))
        }
        return {
            "G": dict(networks.G),
            "D": dict(networks.D),
            "Gs": dict(networks.Gs),
            "G_adam": fresh_memory(networks.G, learning["G"]),
            "D_adam": fresh_memory(networks.D, learning["D"]),
            "path_length": {"mean": np.zeros((), np.float32)},
        }

    def _minibatches(self, reals: PictureArray | Tensor, labels: Array | None) -> list[Batch]:
        size, p = self.hyperparameters.minibatch, np.float32(self._augment["augment_p"])
        one_hot = np.zeros((reals.shape[0], 0), np.float32) if labels is None else labels
        starts = range(0, reals.shape[0], size)
        return [Batch(reals[start : start + size], one_hot[start : start + size], p) for start in starts]

    def _run(self, phase: str, place: int, batch: Batch, follow: bool = True, seed: int = 0) -> dict[str, float]:
        """Let a phase happen, with random numbers of its place in this step and of `seed` counted from the training's.

        Gs stays where it is unless it follows.
        """
        self._compiled.add(phase)
        places = 3 + self.hyperparameters.d_repeats
        first = (self._counts["step"] * places + place) * DRAWS_PER_PHASE
        beta = self.hyperparameters.ema_beta(self._counts["images"]) if follow else 1.0
        return self._engine.run(phase, (self._counts["seed"] + seed, first % 2**31), batch, beta)

    def _due_phases(self) -> set[str]:
        """Return the phases of the next step: the two losses, and those of the regularisations that are due."""
        settings, step = self.hyperparameters, self._counts["step"]
        due = {phases.G_MAIN, phases.D_MAIN}
        if settings.path_length_weight and step % settings.g_interval == 0:
            due.add(phases.G_REGULARIZE)
        if settings.r1_gamma and step % settings.d_interval == 0:
            due.add(phases.D_REGULARIZE)
        return due

    def _count(self, reals: int, sign: float) -> None:
        self._counts["images"] += reals
        self._counts["signs_of"] += reals
        self._augment["signs"] += sign * reals

    def _adapt(self) -> None:
        settings = self.hyperparameters
        if self._counts["step"] % ADA_INTERVAL:
            return
        images, sign = self._counts["signs_of"], self._augment["signs"] / self._counts["signs_of"]
        if settings.augmentation is Augmentation.ADA:
            p = self._augment["augment_p"]
            self._augment["augment_p"] = float(adjusted(p, sign, images, settings.ada_target, settings.ada_kimg))
        self._counts["signs_of"], self._augment["signs"] = 0, 0.0


def _open_engine(phases: Phases, state: Values, jit_compile: bool | None, devices: Sequence[str] | None) -> Engine:
    """Open the engine of Keras' back end. Raises ValueError for several devices where it knows only one."""
    if ON_JAX:
        from services.trainer.learning.jax_engine import JaxEngine

        return JaxEngine(phases, state, jit_compile, devices)
    from services.trainer.learning.tensorflow_engine import TensorFlowEngine

    return TensorFlowEngine(phases, state, jit_compile, devices)


def _flat(state: Values) -> Arrays:
    return {f"{part}/{name}": value for part, values in state.items() for name, value in values.items()}
