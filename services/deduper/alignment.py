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
"""Details that must lie in the same place. Of copies of 99 drawings 95 % have 58 and more; different drawings have up
to 11, two frames of one scene 20 to 135."""

_TELLING = 12
"""Details that pictures must have in common to be laid by these at all, rather than edge to edge."""

LEVELS = 20.0
"""Levels of brightness by which a block may differ."""

TINT_LEVELS = 40.0
"""Levels of tint (red - green, yellow - blue) by which a block may differ."""

CLIPPED = 245.0
"""Brightness from which a block may have been brighter before it was clipped."""

LEAST_AGREEING = 0.7
"""Share of blocks that agree, at least: a speech bubble may take a fifth of a picture and more."""

MOST_TINT = 0.4
"""Difference in tint over all, as a share of the stronger colouring: brighter copies reach 0.35 where highlights are
clipped, hue turned by 30 degrees gives 0.5, a grey version or line art 1."""

FAINT = 4.0
"""Levels of colouring below which a block counts as grey: JPEG leaves so much."""

LEAST_AGREEING_PLAIN, MOST_MOVED_PLAIN = 0.98, 0.02
"""The same for pictures that have too few details in common to go by: these are laid edge to edge."""

LEAST_COVER, LEAST_COMMON = 0.55, 0.2
"""Share of one picture, and of either, that the other covers at least: crops of 8 % a side leave 0.56."""

PLAIN_DEVIATION, PLAIN_SHARE, PLAINER = 8.0, 0.35, 0.15
"""What is put over a picture, such as a bubble or a bar, is plain: a cell whose standard deviation is less than the
first; the share of such cells, at least; and by how much more of them it has than what it hides."""

PAPER, INK, NEUTRAL = 225.0, 30.0, 24.0
"""It is also white or black: brightness from which, up to which, and the most by which its channels differ."""


@dataclass(frozen=True)
class Comparison:
    """The findings of laying one picture over another.

    `details` lie in the same place; None where there were too few to go by. `agreeing` is a share of blocks; `moved`
    that of blocks which show two different things, rather than something plain put over one picture; `tint` is the
    difference in colour, 0 to 1; `cover` is the share of the first picture that the second covers, `covered` the share
    of the second that lies on the first.
    """

    details: int | None
    agreeing: float
    moved: float
    tint: float
    cover: float
    covered: float

    def is_copy(self, most_moved: float) -> bool:
        """Say whether both are one picture, of which the share `most_moved` may show something else."""
        return max(self.doubts(most_moved).values()) <= 1

    def doubts(self, most_moved: float) -> dict[str, float]:
        """Return for each finding how near it comes to its limit: 0 is far, up to 1 speaks for a copy, above against.

        `most_moved` is the share of blocks that may show something else.
        """
        tint = self.tint / MOST_TINT
        if self.details is None:
            moved = _doubt(self.moved, min(MOST_MOVED_PLAIN, most_moved))
            return {"agreeing": _doubt(1 - self.agreeing, 1 - LEAST_AGREEING_PLAIN), "moved": moved, "tint": tint}
        covers = (min(self.cover, self.covered), LEAST_COMMON), (max(self.cover, self.covered), LEAST_COVER)
        return {
            "details": LEAST_DETAILS / max(1, self.details),
            "agreeing": _doubt(1 - self.agreeing, 1 - LEAST_AGREEING),
            "moved": _doubt(self.moved, most_moved),
            "tint": tint,
            "cover": max(_doubt(1 - share, 1 - least) for share, least in covers),
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
    overlay = _Overlay(one.rgb, np.asarray(over, np.uint8), _blocks(there) >= 254)
    if not overlay.common.any():
        return None
    area = overlay.common.sum() * BLOCK**2
    covered = area / (other.rgb[..., 0].size * abs(np.linalg.det(way[:, :2])))
    moved, agreeing = overlay.moved_and_agreeing()
    return Comparison(details, agreeing, moved, overlay.tint(), float(overlay.common.mean()), min(1.0, float(covered)))


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
    """Two pictures of one size, block by block, where both are (`common`), one brightened as much as the other."""

    def __init__(self, one: NDArray[np.uint8], other: NDArray[np.uint8], common: NDArray[np.bool_]) -> None:
        self.common = common
        self._pictures = one, other
        self._one, self._other = _blocks(one)[common], _blocks(other)[common]
        here, there = self._one.mean(axis=1), self._other.mean(axis=1)
        gain, offset = max([(1.0, 0.0), _tone(here, there)], key=lambda tone: _agreeing(here, there, *tone).mean())
        self._same = _agreeing(here, there, gain, offset)
        self._other_tint = _tint(self._other) * gain

    def moved_and_agreeing(self) -> tuple[float, float]:
        """Return the share of blocks that show two different things, and that of blocks that agree."""
        different = np.zeros(self.common.shape, np.uint8)
        unclipped = np.maximum(self._one.max(axis=1), self._other.max(axis=1)) <= CLIPPED
        far = np.linalg.norm(_tint(self._one) - self._other_tint, axis=1) > TINT_LEVELS
        different[self.common] = ~self._same | (far & unclipped)
        return _moved(different, *self._pictures) / int(self.common.sum()), float(self._same.mean())

    def tint(self) -> float:
        """Return the difference in tint where brightness agrees; 1 if it does so hardly anywhere."""
        unclipped = np.maximum(self._one.max(axis=1), self._other.max(axis=1)) <= CLIPPED
        use = self._same & unclipped
        if use.sum() < max(8, 0.1 * len(use)):
            use = self._same
        if use.sum() < 8:
            return 1.0
        one, other = _tint(self._one[use]), self._other_tint[use]
        strength = np.maximum(np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1)).sum()
        return float(np.linalg.norm(one - other, axis=1).sum() / max(strength, FAINT * len(one)))


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


def _tone(here: NDArray[np.float32], there: NDArray[np.float32]) -> tuple[float, float]:
    """Return the gain and the offset that make most blocks of `there` as bright as those of `here`.

    Least absolute distances by iteratively reweighted least squares (E. J. Schlossmacher, 1973).
    """
    terms, weights, line = np.stack([there, np.ones_like(there)], axis=1), np.ones_like(here), np.array([1.0, 0.0])
    for _ in range(6):
        line = np.linalg.lstsq(terms * weights[:, None], here * weights, rcond=None)[0]
        weights = 1 / np.sqrt(np.maximum(np.abs(here - terms @ line), 2))
    gain = float(np.clip(line[0], 0.6, 1.7))
    return gain, float(np.clip(np.median(here - gain * there), -48, 48))


def _agreeing(here: NDArray[np.float32], there: NDArray[np.float32], gain: float, offset: float) -> NDArray[np.bool_]:
    """Return which blocks are equally bright; one that is clipped may have been brighter."""
    brighter = here - (gain * there + offset)
    brighter[(there >= CLIPPED) & (brighter > 0)] = 0
    brighter[(here >= CLIPPED) & (brighter < 0)] = 0
    return np.asarray(np.abs(brighter) <= LEVELS)


def _tint(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the opponent colours red - green and yellow - blue: zero for grey, whatever its brightness."""
    red, green, blue = np.moveaxis(colours, -1, 0)
    return np.stack([red - green, (red + green) / 2 - blue], axis=-1)
