"""The four phases of a training step: what each network learns from a minibatch, as functions of numbers alone.

Nothing is changed here. A phase finds gradients and measures from a part of a minibatch; their means over all parts go
into `learnt`, which says what becomes of the state. Engines compile, repeat and distribute these functions.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from keras import ops

from services.trainer.learning import losses
from services.trainer.learning.augmentation import ada, consistency, diffaugment, pipe
from services.trainer.learning.draws import RandomSource, happens, integer
from services.trainer.learning.optimizer import Adam
from shared.recipe.hyperparameters import Augmentation, Hyperparameters
from shared.stylegan2 import discriminator, generator
from shared.stylegan2.architecture import Architecture, discriminator_shapes, is_trainable
from shared.stylegan2.backend import Tensor, Variables, gradients

TrainingState = Mapping[str, Variables]
"""`G`, `D`, `Gs`; `G_adam` and `D_adam`, what the optimizers remember; `path_length`, with its running `mean`."""

G_MAIN, G_REGULARIZE, D_MAIN, D_REGULARIZE, D_EVALUATE = NAMES = (
    "g_main",
    "g_regularize",
    "d_main",
    "d_regularize",
    "d_evaluate",
)


class Batch(NamedTuple):
    """uint8 reals [N, R, R, num_channels], one-hot labels [N, label_size] of all, and the p of augmentation []."""

    reals: Tensor
    labels: Tensor
    p: Tensor

    def part(self, number: int, count: int) -> "Batch":
        """Return part `number` of `count` equal parts."""
        size = self.reals.shape[0] // count
        here = slice(number * size, (number + 1) * size)
        return Batch(self.reals[here], self.labels[here], self.p)


class PhaseResult(NamedTuple):
    """Outcome of a phase: gradients of what learns, and measures, all means over the part of the minibatch.

    `w_mean` [w_size] and `path_length_mean` [] move the running averages in the state.
    """

    gradients: dict[str, Tensor]
    measures: dict[str, Tensor]


class Phases:
    """The phases for networks of one architecture."""

    def __init__(self, architecture: Architecture, hyperparameters: Hyperparameters) -> None:
        self.architecture = architecture
        self.hyperparameters = hyperparameters
        rate, settings = hyperparameters.learning_rate, hyperparameters
        self._adams = {
            "G": Adam.lazy(rate, settings.g_interval if settings.path_length_weight else None),
            "D": Adam.lazy(rate, settings.d_interval if settings.r1_gamma else None),
        }
        self._precision = hyperparameters.precision.value
        self._frozen = frozen_variables(architecture, hyperparameters.freeze_d)
        self._pipe = pipe.named(hyperparameters.augment_pipe)

    def learns(self, network: str, name: str) -> bool:
        """Say whether variable `name` of G or D learns."""
        return name not in self._frozen if network == "D" else is_trainable(name)

    def g_main(self, state: TrainingState, source: RandomSource, batch: Batch) -> PhaseResult:
        """Compute the gradients by which G learns to draw what D takes for real."""

        def loss(G: Variables) -> tuple[Tensor, dict[str, Tensor]]:
            w, mean = self._w(G, batch.labels, source)
            fakes = self._synthesis(G, w, source)
            loss = ops.mean(losses.generator_logistic(self._scores(state["D"], fakes, batch, source)))
            return loss, {"g": loss, "w_mean": mean}

        return self._outcome("G", state, loss)

    def g_regularize(self, state: TrainingState, source: RandomSource, batch: Batch) -> PhaseResult:
        """Compute the gradients by which G learns to change its pictures evenly with w (path length)."""
        settings, resolution = self.hyperparameters, self.architecture.resolution
        labels = batch.labels[: max(batch.labels.shape[0] // settings.pl_minibatch_shrink, 1)]
        noise = source.normal((labels.shape[0], resolution, resolution, self.architecture.num_channels))
        average = state["path_length"]["mean"]

        def loss(G: Variables) -> tuple[Tensor, dict[str, Tensor]]:
            w, mean = self._w(G, labels, source)
            length = losses.path_length(lambda w: self._synthesis(G, w, source), w, noise, average, settings.pl_decay)
            penalty = ops.mean(length.penalty)
            measures = {"path_length": penalty, "path_length_mean": length.mean, "w_mean": mean}
            return penalty * (settings.path_length_weight * settings.g_interval), measures

        return self._outcome("G", state, loss)

    def d_main(self, state: TrainingState, source: RandomSource, batch: Batch) -> PhaseResult:
        """Compute the gradients by which D learns to tell reals from what G draws."""
        w, mean = self._w(state["G"], batch.labels, source)
        fakes = self._synthesis(state["G"], w, source)
        reals = self._pictures(batch.reals, source)

        def loss(D: Variables) -> tuple[Tensor, dict[str, Tensor]]:
            fake_scores = self._scores(D, fakes, batch, source)
            real_scores = self._scores(D, reals, batch, source)
            loss = ops.mean(losses.discriminator_logistic(real_scores, fake_scores))
            loss += self._inconsistency(D, fakes, fake_scores, batch, source)
            loss += self._inconsistency(D, reals, real_scores, batch, source)
            measures = {"d": loss, "real_score": ops.mean(real_scores), "fake_score": ops.mean(fake_scores)}
            return loss, measures | {"real_sign": ops.mean(ops.sign(real_scores)), "w_mean": mean}

        return self._outcome("D", state, loss)

    def d_regularize(self, state: TrainingState, source: RandomSource, batch: Batch) -> PhaseResult:
        """Compute the gradients by which D learns to be flat around reals (R1)."""
        settings = self.hyperparameters
        reals = self._pictures(batch.reals, source)

        def loss(D: Variables) -> tuple[Tensor, dict[str, Tensor]]:
            penalty = ops.mean(losses.r1_penalty(lambda x: self._scores(D, x, batch, source), reals))
            return penalty * (settings.r1_gamma / 2 * settings.d_interval), {"r1": penalty}

        return self._outcome("D", state, loss)

    def d_evaluate(self, state: TrainingState, source: RandomSource, batch: Batch) -> PhaseResult:
        """Score these pictures with D, and fresh ones by G; nothing is learnt."""
        w, _ = self._w(state["G"], batch.labels, source)
        fakes = self._synthesis(state["G"], w, source)
        reals = self._pictures(batch.reals, source)
        scores = {"real_score": reals, "fake_score": fakes}
        means = {name: ops.mean(self._scores(state["D"], x, batch, source)) for name, x in scores.items()}
        return PhaseResult({}, means)

    def learnt(
        self, phase: str, state: TrainingState, outcome: PhaseResult, ema_beta: Tensor
    ) -> dict[str, dict[str, Tensor]]:
        """Return what a phase changes of the state, from the means of its outcomes."""
        network = phase[0].upper()
        changes: dict[str, dict[str, Tensor]] = {network: {}}
        measures = outcome.measures
        if outcome.gradients:
            moved = self._adams[network].updated(state[network], state[f"{network}_adam"], outcome.gradients)
            changes[network], changes[f"{network}_adam"] = moved
        if "w_mean" in measures:
            average = generator.updated_average(state["G"]["dlatent_avg"], measures["w_mean"])
            changes.setdefault("G", {})["dlatent_avg"] = average
        if "path_length_mean" in measures:
            mean = measures["path_length_mean"]
            changes["path_length"] = {"mean": ops.where(ops.isfinite(mean), mean, state["path_length"]["mean"])}
        if phase == D_MAIN:
            changes["Gs"] = moving_average(state["Gs"], {**state["G"], **changes["G"]}, ema_beta)
        return changes

    def _outcome(
        self, network: str, state: TrainingState, loss: Callable[[Variables], tuple[Tensor, dict[str, Tensor]]]
    ) -> PhaseResult:
        variables = state[network]
        learning = {name: value for name, value in variables.items() if self.learns(network, name)}
        return PhaseResult(*gradients(lambda changing: loss({**variables, **changing}), learning))

    def _w(self, G: Variables, labels: Tensor, source: RandomSource) -> tuple[Tensor, Tensor]:
        """Return style-mixed w [N, num_ws, w_size] of fresh z, and the mean [w_size] of the first w over the N.

        The mean is for the running average. It is taken here and nowhere else; parts of a minibatch and devices are
        equally large, so that the mean of their means is that of the minibatch.
        """
        first, second = self._mapped(G, labels, source), self._mapped(G, labels, source)
        slots = self.architecture.num_ws
        mixes = happens(source, self.hyperparameters.style_mixing)
        crossover = ops.where(mixes, integer(source, 1, slots), slots)
        broadcast = [generator.broadcast(self.architecture, w) for w in (first, second)]
        return generator.mix(broadcast[0], broadcast[1], crossover), ops.mean(first, axis=0)

    def _mapped(self, G: Variables, labels: Tensor, source: RandomSource) -> Tensor:
        z = source.normal((labels.shape[0], self.architecture.z_size))
        return generator.mapping(self.architecture, G, z, labels)

    def _synthesis(self, G: Variables, w: Tensor, source: RandomSource) -> Tensor:
        sides = map(self.architecture.noise_side, range(self.architecture.num_noises))
        noises = [source.normal((w.shape[0], side, side, 1)) for side in sides]
        return generator.synthesis(self.architecture, G, w, noises, self._precision)

    def _scores(self, D: Variables, pictures: Tensor, batch: Batch, source: RandomSource) -> Tensor:
        shown = self._augmented(pictures, batch.p, source)
        return discriminator.scores(self.architecture, D, shown, batch.labels, self._precision)

    def _augmented(self, pictures: Tensor, p: Tensor, source: RandomSource) -> Tensor:
        match self.hyperparameters.augmentation:
            case Augmentation.NONE:
                return pictures
            case Augmentation.DIFFAUGMENT:
                return diffaugment.diffaugment(pictures, source)
            case Augmentation.ADA | Augmentation.FIXED:
                return ada.augment(pictures, source, p, self._pipe)

    def _inconsistency(
        self, D: Variables, pictures: Tensor, scores: Tensor, batch: Batch, source: RandomSource
    ) -> Tensor | float:
        weight = self.hyperparameters.bcr_weight
        if not weight:
            return 0.0
        moved = self._scores(D, consistency.translated_and_flipped(pictures, source), batch, source)
        return ops.mean(consistency.consistency_penalty(scores, moved)) * weight

    def _pictures(self, reals: Tensor, source: RandomSource) -> Tensor:
        pictures = discriminator.scaled(reals)
        if not self.hyperparameters.mirror:
            return pictures
        flipped = happens(source, 0.5, (reals.shape[0], 1, 1, 1))
        return ops.where(flipped, ops.flip(pictures, axis=2), pictures)


def moving_average(average: Variables, current: Variables, beta: Tensor | float) -> dict[str, Tensor]:
    """Let Gs follow G: it keeps `beta` of itself where variables learn, and copies the others."""
    betas = {name: beta if is_trainable(name) else 0.0 for name in average}
    return {name: current[name] + (value - current[name]) * betas[name] for name, value in average.items()}


def frozen_variables(architecture: Architecture, layers: int) -> frozenset[str]:
    """Return the variables of D's first `layers` layers, from the pictures on, as in Freeze-D (Mo et al. 2020).

    Layers are counted as stylegan2-ada's `freezed`: FromRGB, then Conv0, Conv1_down and Skip of each block, the largest
    first, then those at 4x4. The output always learns, and so does what D makes of labels.
    """
    names = discriminator_shapes(architecture)  # in just this order
    scopes = [scope for scope in dict.fromkeys(name.rpartition("/")[0] for name in names) if "/" in scope]
    return frozenset(name for name in names if name.rpartition("/")[0] in scopes[:layers])
