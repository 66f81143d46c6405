"""Adaptive discriminator augmentation (Karras et al. 2020, "Training GANs with limited data", appendix B)."""

from services.trainer.learning import draws
from services.trainer.learning.augmentation.color import recolored
from services.trainer.learning.augmentation.corruption import cut_out, noisy
from services.trainer.learning.augmentation.filtering import filtered
from services.trainer.learning.augmentation.gated_draws import GatedDraws
from services.trainer.learning.augmentation.geometry import moved
from services.trainer.learning.augmentation.pipe import Pipe
from shared.stylegan2.backend import Tensor


def augment(pictures: Tensor, source: draws.RandomSource, p: Tensor | float, pipe: Pipe = Pipe.BGC) -> Tensor:
    """Augment `pictures` for D: [N, R, R, C], float32 in about -1 to 1, C 3 or 1, R 4 or more.

    Each operator of `pipe` happens to each picture with probability `p`, 0 to 1: the caller clips. A picture to which
    none happens stays as it is, bit for bit. The gradient flows through the pictures, any number of times, not to `p`.
    """
    gated = GatedDraws(source, p, pictures.shape[0])
    pictures = recolored(moved(pictures, gated, pipe), gated, pipe)
    if Pipe.FILTER in pipe:
        pictures = filtered(pictures, gated)
    if Pipe.NOISE in pipe:
        pictures = noisy(pictures, gated)
    return cut_out(pictures, gated) if Pipe.CUTOUT in pipe else pictures
