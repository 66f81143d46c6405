"""Whether a picture is a comic page: gutters of one colour part it into panels with four straight sides. Pure."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

SIDE = 512
"""Pixels of the longer side at which panels are looked for."""

LEAST_PANELS, LEAST_SHARE = 3, 0.25
"""Panels of a page, and the share of it that they take up together, at least: two may be a picture and its caption, or
two pictures side by side. Panels that are open, or that a figure joins to another one, are not counted."""

_PAPER, _INK = 190, 30
"""Brightness from which, and up to which, a frequent colour may be that of gutters: paper, or black between panels."""

_COLOURS = 8
"""Most frequent colours that may be that of gutters."""

_TOLERANCE = 20
"""Levels by which a channel of a gutter may be off its colour."""

_RUN, _GAP = 30, 60
"""Pixels of a straight gutter, and of what may interrupt it: a bubble or a figure that reaches from panel to panel."""

_MARGIN = 15
"""Pixels at the picture's edges that no panel needs: some pages have a margin, of others panels are cut off."""

_BRIDGE = 7
"""Pixels of what joins panels and is cut through."""

_SMALLEST_AREA, _SMALLEST_SIDE = 0.015, 20
"""Least area of a panel, as a share of the picture, and pixels of its shorter side."""

_FILLED, _QUADRILATERAL = 0.85, 0.85
"""Share of its convex hull that a panel fills, and likeness of that hull to one with four corners, at least."""

_PLAIN = 12.0
"""Standard deviation of levels up to which nothing is drawn in a panel: it may be a stripe of the background."""

Mask = NDArray[np.uint8]
"""1 where something is so, else 0."""


def is_comic_page(image: Image.Image) -> bool:
    """Return whether an RGB image consists of panels."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Resampling.BOX)
    rgb = np.asarray(small)
    grey = np.pad(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8), 1, "edge")
    for colour in _gutter_colours(rgb):
        areas = list(_panels(grey, _bridged(_outside(rgb, colour))))
        if len(areas) >= LEAST_PANELS and sum(areas) >= LEAST_SHARE * grey.size:
            return True
    return False


def _gutter_colours(rgb: NDArray[np.uint8]) -> Iterator[NDArray[np.float64]]:
    """Yield the means of the largest groups of like colours, of those that gutters may have."""
    flat = rgb.reshape(-1, 3)
    bins = (flat >> 4).astype(np.int64) @ np.array([256, 16, 1])
    counts = np.bincount(bins, minlength=4096)
    for number in np.argsort(-counts, kind="stable")[:_COLOURS]:
        colour = flat[bins == number].mean(axis=0) if counts[number] else np.full(3, 128.0)
        if not _INK < colour.mean() < _PAPER:
            yield colour


def _outside(rgb: NDArray[np.uint8], colour: NDArray[np.float64]) -> Mask:
    """Return what has a gutter's colour and is connected with the edge of the picture, and a pixel around it."""
    low, high = np.clip(colour - _TOLERANCE, 0, 255), np.clip(colour + _TOLERANCE, 0, 255)
    alike = cv2.copyMakeBorder(cv2.inRange(rgb, low, high), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255)
    cv2.floodFill(alike, None, (0, 0), 128)
    return np.asarray(alike == 128, np.uint8)


def _bridged(gutters: Mask) -> Mask:
    """Join the pieces of straight gutters, and the margins, across what interrupts them."""
    joined = gutters.copy()
    joined[:_MARGIN] = joined[-_MARGIN:] = joined[:, :_MARGIN] = joined[:, -_MARGIN:] = 1
    for across in (True, False):
        run, gap = (np.ones((1, size) if across else (size, 1), np.uint8) for size in (_RUN, _GAP))
        straight = cv2.morphologyEx(joined, cv2.MORPH_OPEN, run)
        joined |= np.asarray(cv2.morphologyEx(straight, cv2.MORPH_CLOSE, gap), np.uint8)
    return joined


def _panels(grey: NDArray[np.uint8], gutters: Mask) -> Iterator[float]:
    """Yield the area of each panel between gutters, in pixels."""
    apart = cv2.erode(1 - gutters, np.ones((_BRIDGE, _BRIDGE), np.uint8))
    for outline in cv2.findContours(apart, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        area, (x, y, width, height) = cv2.contourArea(outline), cv2.boundingRect(outline)
        if area < _SMALLEST_AREA * grey.size or min(width, height) < _SMALLEST_SIDE:
            continue
        if _has_four_straight_sides(outline) and grey[y : y + height, x : x + width].std() >= _PLAIN:
            yield area


def _has_four_straight_sides(outline: NDArray[Any]) -> bool:
    hull = np.asarray(cv2.convexHull(outline))
    area, corners = cv2.contourArea(hull), cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
    likeness = 1 - abs(cv2.contourArea(corners) / area - 1)
    return len(corners) == 4 and cv2.contourArea(outline) >= _FILLED * area and likeness >= _QUADRILATERAL
