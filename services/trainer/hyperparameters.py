"""A recipe's settings as the hyperparameters of a training. Needs TensorFlow, to know the machine."""

from services.trainer.learning import device
from shared.contract.errors import Poison
from shared.recipe.hyperparameters import Hyperparameters, Precision
from shared.recipe.training import ResolvedTraining
from shared.stylegan2.architecture import Architecture


def hyperparameters(settings: ResolvedTraining, architecture: Architecture) -> Hyperparameters:
    """Return `settings` with `precision` and `minibatch_gpu` decided by what this machine has.

    Raises Poison for minibatches that D cannot compare in groups, or the devices cannot share.
    """
    precision = _precision(settings)
    at_once = _minibatch_gpu(settings, architecture, precision, device.count())
    return settings.model_copy(update={"precision": precision, "minibatch_gpu": at_once})


def _precision(settings: ResolvedTraining) -> Precision:
    if settings.precision is not Precision.AUTO:
        return settings.precision
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
