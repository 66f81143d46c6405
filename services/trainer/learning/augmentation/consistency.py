"""Balanced consistency regularisation (Zhao et al. 2020b, arXiv 2002.04724): D scores moved pictures alike.

D's loss grows by the penalty of the reals and that of the fakes, each times 10 in the paper and in stylegan2-ada.
"""

from keras import ops

from services.trainer.learning import draws
from services.trainer.learning.augmentation.lookup import pixels, reflected
from shared.stylegan2.backend import Tensor

REACH = 1 / 32
"""Largest shift, as a share of the size: 8 px at 256 px, as in stylegan2-ada's "bcr"."""


def translated_and_flipped(pictures: Tensor, source: draws.RandomSource) -> Tensor:
    """Mirror each of `pictures` [N, R, R, C] or not, and shift it by whole pixels, up to REACH, with reflected borders.

    The paper flips and shifts; stylegan2-ada only shifts, its flips being part of the data set. At least a pixel of
    reach, so that pictures below 32 px are moved too.
    """
    count, size = pictures.shape[:2]
    reach = max(1, round(size * REACH))
    right, down = (draws.integer(source, -reach, reach + 1, (count, 1)) for _ in range(2))
    line = ops.arange(size, dtype="int32")[None, :]
    mirrored = draws.happens(source, 0.5, (count, 1))
    columns = reflected(line - right, size)
    columns = ops.where(mirrored, size - 1 - columns, columns)
    return pixels(pictures, reflected(line - down, size)[:, :, None], columns[:, None, :])


def consistency_penalty(scores: Tensor, moved_scores: Tensor) -> Tensor:
    """Return the squared difference of the scores of pictures and of the same pictures moved: [N, 1]."""
    return ops.square(scores - moved_scores)
