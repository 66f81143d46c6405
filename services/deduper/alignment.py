"""Compares two pictures by looking: one is laid over the other, and what differs is looked at block by block. Pure.

Crops, borders, captions, bubbles, slight rotations and other brightness leave a copy a copy. Another pose, another
expression, other colours or ink without colour do not.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.deduper.look import Look

BLOCK = 12
"""Pixels of a block's side, of pictures of 256: smaller ones would differ where an edge is laid over a little askew."""

LEAST_DETAILS = 40
"""Details in the same place, from which two pictures are likely to be one. Of copies of 99 drawings 95 % have 58 and
more; different drawings have up to 11, two frames of one scene 20 to 135."""

_TELLING = 12
"""Details that pictures must have in common to be laid by these at all, rather than edge to edge."""

LEVELS = 14.0
"""Levels by which a channel of a block may differ once both pictures have the same tones."""

CLIPPED = 230.0
"""Level from which a channel of a block may have been brighter before some of its pixels were clipped."""

LEAST_AGREEING = 0.7
"""Share of blocks that agree, at least: a speech bubble may take a fifth of a picture and more."""

LEAST_AGREEING_PLAIN, MOST_MOVED_PLAIN = 0.95, 0.02
"""The same for pictures with fewer details in the same place."""

LEAST_COMMON = 0.55
"""Share of what is drawn on either picture that the other covers at least: crops of 8 % a side leave 0.6. Of a collage
less is covered: whichever of both were kept, a face could be lost, and faces are compared on their own later on."""

PLAIN_DEVIATION, PLAIN_SHARE, PLAINER = 8.0, 0.35, 0.15
"""What is put over a picture, such as a bubble or a bar, is plain: a cell whose standard deviation is less than the
first; the share of such cells, at least; and by how much more of them it has than what it hides."""

PAPER, INK, NEUTRAL = 240.0, 30.0, 12.0
"""It is also white or black: brightness from which, up to which, and the most by which its channels differ."""


@dataclass(frozen=True)
class Comparison:
    """The findings of laying one picture over another.

    `details` lie in the same place; None where there were too few to go by. `agreeing` is a share of blocks; `moved`
    that of blocks which show two different things, rather than something plain put over one picture; `cover` is the
    share of what is drawn on the first picture that the second covers, `covered` the share of that on the second which
    lies on the first.
    """

    details: int | None
    agreeing: float
    moved: float
    cover: float
    covered: float

    def doubt(self, most_moved: float) -> float:
        """Return the greatest of the `doubts`: up to 1 for copies of one picture."""
        return max(self.doubts(most_moved).values())

    def doubts(self, most_moved: float) -> dict[str, float]:
        """Return for each finding how near it comes to its limit: 0 is far, up to 1 speaks for a copy, above against.

        `most_moved` is the share of blocks that may show something else.
        """
        is_plain = self.details is None or self.details < LEAST_DETAILS
        least, most = (LEAST_AGREEING_PLAIN, MOST_MOVED_PLAIN) if is_plain else (LEAST_AGREEING, most_moved)
        return {
            "agreeing": _doubt(1 - self.agreeing, 1 - least),
            "moved": _doubt(self.moved, min(most, most_moved)),
            "cover": _doubt(1 - min(self.cover, self.covered), 1 - LEAST_COMMON),
        }


def _doubt(share: float, most: float) -> float:
    """Return a share as a multiple of what it may be at most."""
    return share / most if most > 0 else inf if share > 0 else 0.0


def compare(one: Look, other: Look) -> Comparison | None:
    """Lay `other` over `one` and compare them; None if there is no way to lay it."""
    laid = _by_details(one, other) or _edge_to_edge(one, other)
    if laid is None:
        return None
    way, details = laid
    height, width = one.rgb.shape[:2]
    over = cv2.warpAffine(other.rgb, way, (width, height))
    there = np.asarray(cv2.warpAffine(np.full(other.rgb.shape[:2], 255, np.uint8), way, (width, height)))
    common = _blocks(there) >= 254
    overlay = _Overlay(one.rgb, np.asarray(over, np.uint8), common)
    if not common.any():
        return None
    cover = _share(_drawn(one.rgb)[common].sum(), _drawn(one.rgb).sum())
    larger = abs(float(np.linalg.det(way[:, :2])))
    covered = _share(_drawn(np.asarray(over, np.uint8))[common].sum(), _drawn(other.rgb).sum() * larger)
    moved, agreeing = overlay.moved_and_agreeing()
    return Comparison(details, agreeing, moved, cover, covered)


def _share(part: float, whole: float) -> float:
    """Return a part as a share of the whole; all, where there is nothing."""
    return min(1.0, float(part / whole)) if whole > 0 else 1.0


def _drawn(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which blocks have something drawn in them, rather than plain colour."""
    levels = rgb.astype(np.float32)
    return np.asarray((_blocks(levels * levels) - _blocks(levels) ** 2).max(axis=2) > PLAIN_DEVIATION**2)


Way = tuple[NDArray[np.float64], int | None]
"""How a picture is laid over another: an affine transform [2, 3], and the number of details that it brings together."""


def _by_details(one: Look, other: Look) -> Way | None:
    """Return the similarity transform that brings most details together, if these are enough to tell."""
    if min(len(one.points), len(other.points)) < LEAST_DETAILS:
        return None
    near = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(other.descriptors, one.descriptors, k=2)
    sure = [best for best, next_best in near if best.distance <= min(64.0, 0.85 * next_best.distance)]
    if len(sure) < LEAST_DETAILS:
        return None
    there = other.points[[match.queryIdx for match in sure]]
    here = one.points[[match.trainIdx for match in sure]]
    cv2.setRNGSeed(1)  # of this thread: the same pictures, the same answer
    found: Any = cv2.estimateAffinePartial2D(
        there, here, method=cv2.RANSAC, ransacReprojThreshold=3.0, maxIters=500, confidence=0.99
    )
    way, together = found
    if way is None or not 1 / 9 < abs(np.linalg.det(way[:, :2])) < 9:
        return None
    details = int(together.sum())
    return (np.asarray(way, np.float64), details) if details >= _TELLING else None


def _edge_to_edge(one: Look, other: Look) -> Way | None:
    """Return the way to stretch `other` to the size of `one`, if both have about the same shape."""
    across, down = (here / there for here, there in zip(one.rgb.shape[1::-1], other.rgb.shape[1::-1], strict=True))
    return (np.array([[across, 0, 0], [0, down, 0]]), None) if 0.97 < across / down < 1.03 else None


class _Overlay:
    """Two pictures of one size, block by block, where both are (`common`), one with the other's tones."""

    def __init__(self, one: NDArray[np.uint8], other: NDArray[np.uint8], common: NDArray[np.bool_]) -> None:
        self.common = common
        self._pictures = one, other
        here, there = _blocks(one)[common], _blocks(other)[common]
        differences = (_differences(here, there, curve) for curve in (_AS_IT_IS, _tone_curve(here, there)))
        self._same = max((each <= LEVELS for each in differences), key=lambda same: int(same.sum()))

    def moved_and_agreeing(self) -> tuple[float, float]:
        """Return the share of blocks that show two different things, and that of blocks that agree."""
        different = np.zeros(self.common.shape, np.uint8)
        different[self.common] = ~self._same
        return _moved(different, *self._pictures) / int(self.common.sum()), float(self._same.mean())


Curve = NDArray[np.float64]
"""Coefficients of a polynomial of degree 2, the highest first, that gives a channel's levels other tones."""

_AS_IT_IS: Curve = np.array([0.0, 1.0, 0.0])


def _tone_curve(here: NDArray[np.float32], there: NDArray[np.float32]) -> Curve:
    """Return the curve that makes most blocks of `there` [n, 3] like those of `here`, one for all three channels.

    Brightness, contrast and gamma are such curves; hue and saturation are not. Least absolute distances by iteratively
    reweighted least squares (E. J. Schlossmacher, 1973).
    """
    unclipped = (here < CLIPPED) & (there < CLIPPED)
    if unclipped.sum() < 0.1 * unclipped.size:
        return _AS_IT_IS
    levels, wanted = there[unclipped] / 255.0, here[unclipped] / 255.0
    terms, weights, curve = np.vander(levels, 3), np.ones_like(levels), np.array([0.0, 1.0, 0.0])
    for _ in range(6):
        curve = np.linalg.lstsq(terms * weights[:, None], wanted * weights, rcond=None)[0]
        weights = 1 / np.sqrt(np.maximum(np.abs(wanted - terms @ curve), 0.008))
    return curve * np.array([1 / 255.0, 1.0, 255.0]) if _is_mild(curve) else _AS_IT_IS


def _is_mild(curve: Curve) -> bool:
    """Say whether a curve of levels from 0 to 1 keeps their order, and changes none of them out of recognition."""
    slopes = np.polyval(np.polyder(curve), np.linspace(0, 1, 5))
    return bool((slopes > 0.3).all() and (slopes < 2.5).all() and abs(curve[2]) < 0.25)


def _differences(here: NDArray[np.float32], there: NDArray[np.float32], curve: Curve) -> NDArray[np.float64]:
    """Return the levels by which blocks [n, 3] differ at most in a channel; a clipped one may have been brighter."""
    brighter = here - np.clip(np.polyval(curve, there), 0, 255)
    brighter[(there >= CLIPPED) & (brighter > 0)] = 0
    brighter[(here >= CLIPPED) & (brighter < 0)] = 0
    return np.asarray(np.abs(brighter).max(axis=1), np.float64)


def _moved(different: NDArray[np.uint8], one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Count the blocks that show two different things, out of those that differ.

    Something may be put over either picture: that counts if it is so both ways round, as where a figure has gone from
    one place on a white ground to another.
    """
    put_over = [_white_or_black_cells(picture, different.shape) for picture in (one, other)]
    hidden, moved = [0, 0], 0.0
    count, areas = cv2.connectedComponents(different, connectivity=8)
    for area in (areas == number for number in range(1, count)):
        cells = area.repeat(2, axis=0).repeat(2, axis=1)
        here, there = (float(picture[cells].mean()) for picture in put_over)
        size = int(area.sum())
        if size == 1:
            moved += 0.5  # an edge that is laid over askew
        elif max(here, there) >= PLAIN_SHARE and abs(here - there) > PLAINER:
            hidden[here < there] += size
        else:
            moved += size
    return moved + 2 * min(hidden)


def _white_or_black_cells(rgb: NDArray[np.uint8], blocks: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which cells, four to a block, are of plain white or black."""
    size = blocks[1] * 2, blocks[0] * 2
    whole = rgb[: blocks[0] * BLOCK, : blocks[1] * BLOCK].astype(np.float32)
    mean = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
    square = np.asarray(cv2.resize(whole * whole, size, interpolation=cv2.INTER_AREA))
    plain = (square - mean * mean).max(axis=2) < PLAIN_DEVIATION**2
    neutral = np.ptp(mean, axis=2) <= NEUTRAL
    brightness = mean.mean(axis=2)
    return np.asarray(plain & neutral & ((brightness >= PAPER) | (brightness <= INK)))


def _blocks(picture: NDArray[Any]) -> NDArray[np.float32]:
    """Return the means of blocks."""
    size = max(1, picture.shape[1] // BLOCK), max(1, picture.shape[0] // BLOCK)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
