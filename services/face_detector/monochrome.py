"""Whether a picture is black and white: ink, pencil, grey, a manga page; also on yellowed paper or in a faded ink."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

SIDE = 160
"""Pixels of the longer side at which colours are looked at: averaging takes the chroma noise of JPEG away."""

COLOUR = 16.0
"""Most levels, of 255, between a chroma and the tint of its lightness. Of the pencil drawing on coloured paper among
the labelled pictures 98 % lie within 13, of grey ones all within 0."""

SHARE = 0.015
"""Share of pixels that may lie further off. On 16 labelled pictures (which COLOUR was chosen on, too): at most 0.003
of the five monochrome ones, at least 0.117 of the eleven coloured ones; a coloured figure that takes up 3 % of a white
page has 0.022, a stamp on a grey drawing 0.005."""

_ROUNDS = 8
_NEAR = 2.0
_FLAT = 1e-6


def is_monochrome(image: Image.Image) -> bool:
    """Return whether all but a few pixels of an RGB image are of one ink on one paper.

    A sepia whose middle tones have a hue of their own counts as coloured: better kept than lost.
    """
    return coloured_share(image) < SHARE


def coloured_share(image: Image.Image) -> float:
    """Return the share of pixels, 0 to 1, whose colour is off the line that fits most of them.

    What one ink on one paper can make lies on the straight line of colours between the two. A curve instead of the
    line would follow a flatly coloured figure from skin to hair.
    """
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Resampling.BOX)
    lightness, chroma = _opponent(np.asarray(small, dtype=np.float64).reshape(-1, 3))
    return float(np.mean(_distances(lightness, chroma) > COLOUR))


def _distances(lightness: NDArray[np.float64], chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each pixel's chroma from the line that fits most of them.

    Least absolute distances by iteratively reweighted least squares (E. J. Schlossmacher, 1973).
    """
    terms = np.stack([np.ones_like(lightness), lightness / 255], axis=1)
    weights = np.ones_like(lightness)
    for _ in range(_ROUNDS):
        weighted = terms * weights[:, None]
        line = np.linalg.solve(weighted.T @ terms + _FLAT * np.eye(2), weighted.T @ chroma)
        distances: NDArray[np.float64] = np.linalg.norm(chroma - terms @ line, axis=1)
        weights = 1 / np.maximum(distances, _NEAR)
    return distances


def _opponent(rgb: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return luma (ITU-R BT.601) and the differences of blue and red from it."""
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    return luma, rgb[:, [2, 0]] - luma[:, None]
