"""A recipe's settings as the hyperparameters of a training. Needs TensorFlow, to know the machine."""

from dataclasses import replace

from shared.stylegan2 import device
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.hyperparameters import Augmentation, Hyperparameters, Precision
from shared.training_recipe import ResolvedTraining


def hyperparameters(settings: ResolvedTraining, architecture: Architecture) -> Hyperparameters:
    """The settings of a recipe, resolved; `auto` by what this machine has."""
    chosen = Hyperparameters(
        minibatch=settings.minibatch,
        learning_rate=settings.learning_rate,
        gamma=settings.r1_gamma,
        pl_weight=settings.path_length_weight,
        style_mixing=settings.style_mixing,
        ema_kimg=settings.ema_kimg,
        ema_rampup=settings.ema_rampup or None,
        g_interval=settings.g_interval,
        d_interval=settings.d_interval,
        d_repeats=settings.d_repeats,
        freeze_d=settings.freeze_d,
        mirror=settings.mirror,
        augmentation=Augmentation(settings.augmentation),
        augment_pipe=settings.augment_pipe,
        augment_p=settings.augment_p,
        ada_target=settings.ada_target,
        ada_kimg=settings.ada_kimg,
        bcr_real=settings.bcr_weight,
        bcr_fake=settings.bcr_weight,
        precision=_precision(settings),
    )
    return replace(chosen, minibatch_gpu=_minibatch_gpu(settings, architecture, chosen))


def _precision(settings: ResolvedTraining) -> Precision:
    if settings.precision != "auto":
        return Precision(settings.precision)
    return Precision.BFLOAT16 if device.has_bfloat16() else Precision.FLOAT32


def _minibatch_gpu(settings: ResolvedTraining, architecture: Architecture, chosen: Hyperparameters) -> int | None:
    if settings.minibatch_gpu != "auto":
        return settings.minibatch_gpu
    return device.pictures_at_once(architecture, chosen, device.memory_bytes())
