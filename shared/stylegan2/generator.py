"""The generator: mapping network, truncation, style mixing and synthesis network."""

from collections.abc import Sequence

from keras import ops

from shared.stylegan2 import fir
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.backend import Tensor, Variables
from shared.stylegan2.embedding import embedded, unit
from shared.stylegan2.layers import GAIN, activated, dense, lrelu, modulated, to_rgb
from shared.stylegan2.weights import MAPPING_LRMUL

W_AVG_BETA = 0.995
"""Decay of the running average of w (dlatent_avg_beta in the official project)."""


def mapping(architecture: Architecture, variables: Variables, z: Tensor, labels: Tensor) -> Tensor:
    """Map z [N, z_size] and one-hot labels [N, label_size] to w [N, w_size], not yet broadcast to the slots."""
    if architecture.label_fmaps:  # stylegan2-ada normalizes both by themselves, stylegan2 what they come to
        x = ops.concatenate([unit(z), embedded(variables, "G_mapping/LabelEmbed", labels)], axis=1)
    elif architecture.label_size:
        x = unit(ops.concatenate([z, ops.matmul(labels, variables["G_mapping/LabelConcat/weight"] * 1.0)], axis=1))
    else:
        x = unit(z)
    for layer in range(architecture.mapping_layers):
        x = lrelu(dense(variables, f"G_mapping/Dense{layer}", x, MAPPING_LRMUL))
    return x


def broadcast(architecture: Architecture, w: Tensor) -> Tensor:
    """Repeat w in every slot: [N, w_size] to [N, num_ws, w_size]."""
    return ops.repeat(w[:, None, :], architecture.num_ws, axis=1)


def mix(first: Tensor, second: Tensor, crossover: Tensor) -> Tensor:
    """Mix styles [N, num_ws, w_size]: slots below `crossover` from `first`, the others from `second`."""
    slots = ops.arange(first.shape[1])[None, :, None]
    return ops.where(slots < crossover, first, second)


def truncate(w: Tensor, average: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
    """Draw w [N, num_ws, w_size] to the average: psi 1 leaves it, 0 gives the average. Only slots below `cutoff`."""
    count = w.shape[1]
    slots = ops.arange(count)[None, :, None]
    strength = ops.where(slots < (count if cutoff is None else cutoff), psi, 1.0)
    return average + (w - average) * strength


def updated_average(average: Tensor, mean: Tensor) -> Tensor:
    """Return the running average of w [w_size], moved towards the mean of w over a minibatch [w_size].

    Raises ValueError where the shapes differ: the mean over the minibatch is taken before, one number per dimension.
    """
    if tuple(mean.shape) != tuple(average.shape):
        raise ValueError(f"the mean of w has the shape {tuple(mean.shape)} instead of {tuple(average.shape)}")
    return mean + (average - mean) * W_AVG_BETA


def stored_noise(architecture: Architecture, variables: Variables) -> list[Tensor]:
    """Return the network's own noise maps, [1, H, W, 1] each: the same for all samples."""
    names = [f"G_synthesis/noise{index}" for index in range(architecture.num_noises)]
    return [ops.transpose(variables[name], (0, 2, 3, 1)) for name in names]


def synthesis(
    architecture: Architecture,
    variables: Variables,
    w: Tensor,
    noises: Sequence[Tensor],
    precision: str = "float32",
) -> Tensor:
    """Draw pictures [N, R, R, num_channels], about -1 to 1, by w [N, num_ws, w_size] and noise maps [N or 1, H, W, 1].

    `precision` is that of the convolutions; pictures are float32, and so is what the ToRGB layers add to them.
    """
    clamp = architecture.conv_clamp
    const = ops.transpose(variables["G_synthesis/4x4/Const/const"], (0, 2, 3, 1))
    x = ops.cast(ops.repeat(const, w.shape[0], axis=0), precision)
    x = _layer(variables, "G_synthesis/4x4/Conv", x, w[:, 0], noises[0], clamp)
    picture = to_rgb(variables, "G_synthesis/4x4/ToRGB", x, w[:, 1], clamp)
    slot = 1
    for side in architecture.sides[1:]:
        scope = f"G_synthesis/{side}x{side}"
        x = _layer(variables, f"{scope}/Conv0_up", x, w[:, slot], noises[slot], clamp)
        x = _layer(variables, f"{scope}/Conv1", x, w[:, slot + 1], noises[slot + 1], clamp)
        # A ToRGB shares its slot with the next block's Conv0_up.
        picture = fir.upsample(picture) + to_rgb(variables, f"{scope}/ToRGB", x, w[:, slot + 2], clamp)
        slot += 2
    return picture


def _layer(variables: Variables, scope: str, x: Tensor, w: Tensor, noise: Tensor, clamp: float | None) -> Tensor:
    x = modulated(variables, scope, x, w, up=scope.endswith("_up"), gain=GAIN)
    x += ops.cast(noise * (variables[f"{scope}/noise_strength"] * GAIN), x.dtype)
    return activated(variables, scope, x, clamp)
