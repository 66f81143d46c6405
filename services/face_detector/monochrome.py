"""Whether a picture is black and white: ink, pencil, grey, a manga page; also on yellowed paper or in a faded ink."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

SIDE = 160
"""Pixels of the longer side at which colours are looked at: averaging takes the chroma noise of JPEG away."""

COLOUR, MOST_COLOUR = 12.0, 16.0
"""Levels, of 255, between a chroma and the tint of its lightness up to which it is no colour: the first on white paper,
more where the picture is tinted, as old paper is uneven. Of the pencil drawing on coloured paper among the labelled
pictures 98 % lie within 13, of grey ones all within 0."""

SHARE = 0.015
"""Share of pixels that may lie further off. Of the labelled pictures the 18 monochrome ones have 0.007 at most, the 81
coloured ones 0.054 and more but for one, which has 0.025. A coloured figure that takes up 3 % of a white page has
0.022, a stamp on a grey drawing 0.005."""

CLIPPED = 250
"""Level from which a channel may have been brighter: a sepia is often so light that its reds are cut off."""

TINTED, LEAST_COUNTED = 8.0, 0.2
"""Median chroma from which edges of what is clipped are not counted, whose means lie beside the line, and the share of
the picture that must be left then."""

_ROUNDS = 8
_NEAR = 2.0
_FLAT = 1e-6
_EDGE, _LEAST_UNCLIPPED = 0.02, 0.05
_BRIGHTEST = 420.0
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114

Levels = NDArray[np.float64]


def is_monochrome(image: Image.Image) -> bool:
    """Return whether all but a few pixels of an RGB image are of one ink on one paper.

    A sepia whose middle tones have a hue of their own counts as coloured: better kept than lost.
    """
    return coloured_share(image) < SHARE


def coloured_share(image: Image.Image) -> float:
    """Return the share of pixels, 0 to 1, whose colour is off the line that fits most of them.

    What one ink on one paper can make lies on the straight line of colours between the two, up to where channels are
    clipped. Any other curve instead of the line would follow a flatly coloured figure from skin to hair.
    """
    rgb, clipped = _reduced(image)
    unclipped = clipped < _EDGE
    line = _line(rgb[unclipped] if unclipped.mean() > _LEAST_UNCLIPPED else rgb)
    lightness, chroma = _opponent(rgb)
    tints = _tints(line, lightness)
    distances = np.linalg.norm(chroma - tints, axis=1)
    tint = float(np.median(np.linalg.norm(tints, axis=1)))
    counted = unclipped | (clipped > 1 - _EDGE)
    if tint <= TINTED or counted.mean() <= LEAST_COUNTED:
        counted[:] = True
    return float(np.mean(distances[counted] > min(MOST_COLOUR, COLOUR + tint)))


def _reduced(image: Image.Image) -> tuple[Levels, Levels]:
    """Return the colours [n, 3] of a reduced picture, and which share of each pixel's area is clipped."""
    small = image.copy()
    small.thumbnail((4 * SIDE, 4 * SIDE), Resampling.BOX)
    clipped = Image.fromarray((np.asarray(small).max(axis=2) >= CLIPPED).astype(np.uint8) * 255)
    small.thumbnail((SIDE, SIDE), Resampling.BOX)
    shares = np.asarray(clipped.resize(small.size, Resampling.BOX), np.float64) / 255
    return np.asarray(small, np.float64).reshape(-1, 3), shares.ravel()


def _line(rgb: Levels) -> Levels:
    """Return the coefficients [2, 2] of the line, in lightness, that fits most chromas.

    Least absolute distances by iteratively reweighted least squares (E. J. Schlossmacher, 1973).
    """
    lightness, chroma = _opponent(rgb)
    terms, weights = _terms(lightness), np.ones_like(lightness)
    for _ in range(_ROUNDS):
        weighted = terms * weights[:, None]
        line = np.asarray(np.linalg.solve(weighted.T @ terms + _FLAT * np.eye(2), weighted.T @ chroma), np.float64)
        weights = 1 / np.maximum(np.linalg.norm(chroma - terms @ line, axis=1), _NEAR)
    return line


def _tints(line: Levels, lightness: Levels) -> Levels:
    """Return the chroma [n, 2] that a line has at each lightness, once its channels are clipped."""
    luma = np.arange(0.0, _BRIGHTEST, 2.0)
    blue, red = (luma + chroma for chroma in (_terms(luma) @ line).T)
    green = (luma - _RED * red - _BLUE * blue) / _GREEN
    clipped_luma, chroma = _opponent(np.clip(np.stack([red, green, blue], axis=1), 0, 255))
    order = np.argsort(clipped_luma, kind="stable")
    return np.stack([np.interp(lightness, clipped_luma[order], each[order]) for each in chroma.T], axis=1)


def _terms(lightness: Levels) -> Levels:
    return np.stack([np.ones_like(lightness), lightness / 255], axis=1)


def _opponent(rgb: Levels) -> tuple[Levels, Levels]:
    """Return luma (ITU-R BT.601) and the differences of blue and red from it."""
    luma = rgb @ np.array([_RED, _GREEN, _BLUE])
    return luma, rgb[:, [2, 0]] - luma[:, None]
