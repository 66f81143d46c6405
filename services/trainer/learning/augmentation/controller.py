"""The controller of ADA: augments as much as it takes for D to be as sure of the training pictures as wanted."""

from keras import ops

from shared.stylegan2.backend import Tensor


def adjusted(p: Tensor | float, mean_sign: Tensor | float, images: int, target: float, kimg: float) -> Tensor:
    """Return the next augmentation probability (Karras et al. 2020, "Training GANs with limited data", section 3.1).

    `mean_sign` is the mean sign of D's scores of augmented reals, -1 to 1, over the `images` reals since the last
    adjustment; above `target` (officially 0.6) D is too sure and `p` grows, so that 0 becomes 1 within `kimg` thousand
    images (officially 500). At most 1: the official rule has no upper bound, but above 1 `p` means nothing, and coming
    back from there takes long.
    """
    step = ops.sign(ops.convert_to_tensor(mean_sign, "float32") - target) * (images / (kimg * 1000))
    return ops.clip(p + step, 0.0, 1.0)
