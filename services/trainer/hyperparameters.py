"""A recipe's settings as the hyperparameters of a training. Needs TensorFlow, to know the machine."""

from services.trainer.learning import device
from shared.contract.errors import Poison
from shared.recipe.hyperparameters import Hyperparameters, Precision
from shared.recipe.training import ResolvedTraining
from shared.stylegan2.architecture import Architecture


def hyperparameters(settings: ResolvedTraining, architecture: Architecture) -> Hyperparameters:
    """Turn a recipe's settings into hyperparameters; `auto` is resolved by what this machine has.

    Raises Poison for minibatches that D cannot compare in groups, or the devices cannot share.
    """
    precision = _precision(settings)
    return Hyperparameters(
        minibatch=settings.minibatch,
        minibatch_gpu=_minibatch_gpu(settings, architecture, precision, device.count()),
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
        augmentation=settings.augmentation,
        augment_pipe=settings.augment_pipe,
        augment_p=settings.augment_p,
        ada_target=settings.ada_target,
        ada_kimg=settings.ada_kimg,
        bcr_weight=settings.bcr_weight,
        precision=precision,
    )


def _precision(settings: ResolvedTraining) -> Precision:
    if settings.precision != "auto":
        return Precision(settings.precision)
    return Precision.BFLOAT16 if device.has_bfloat16() else Precision.FLOAT32


def _minibatch_gpu(settings: ResolvedTraining, architecture: Architecture, precision: Precision, devices: int) -> int:
    share, rest = divmod(settings.minibatch, devices)
    if rest:
        raise Poison(f"training.minibatch is {settings.minibatch}, and cannot be shared among {devices} GPUs")
    wanted = settings.minibatch_gpu or share
    if wanted == "auto":
        wanted = device.pictures_at_once(architecture, share, precision, device.memory_bytes())
    group = min(architecture.mbstd_group_size, share)
    if wanted % group or share % wanted:
        field = "minibatch_gpu" if settings.minibatch_gpu else "minibatch"
        raise Poison(
            f"training.{field} lets each device take {wanted} of {share} pictures at once: that must be a multiple of "
            f"{group}, the group that D compares, and divide {share}"
        )
    return wanted
