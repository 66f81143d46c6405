"""Finds features of a face's picture that need no network: shape, colours, sharpness, tones and grain. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A picture in sRGB, [h, w, 3]."""

Rows = NDArray[np.float32]
"""Features of several pictures, [n, features]."""

_SIDE, _SHAPE_SIDE, _COLOURS_SIDE = 256, 64, 8
_DETAIL_SIDES = (_SIDE, 128, 64, 32)
_BINS = (4, 6, 6)  # of the histogram of colours: lightness, green to red, blue to yellow
_CHROMA = 60  # the most, to each side, that the histogram takes in
_LEAST_SPREAD = 0.02  # of logarithms: less is no difference
_TILE, _CALM = 4, 0.1  # pixels of a tile's side, and the share of the tiles that are taken for flat
_SIZES = (1764, _COLOURS_SIDE**2 * 3, 144, 2 * len(_DETAIL_SIDES), 4, 1)

cv2.setNumThreads(1)  # pictures are looked at side by side

_hog = cv2.HOGDescriptor((_SHAPE_SIDE, _SHAPE_SIDE), (16, 16), (8, 8), (8, 8), 9)


@dataclass(frozen=True)
class Looks:
    """The features of n pictures.

    Attributes:
        shape: histograms of oriented gradients of the picture at 64 x 64 (N. Dalal, B. Triggs, 2005)
        colours: the picture at 8 x 8, red, green and blue from 0 to 1
        palette: square roots of the shares of the pixels that have each of 144 colours, wherever they are
        sharpness: logarithms of how much is lost when the picture is halved, from 256 to 32 pixels: mean and median
        tones: logarithms of mean and spread of lightness and of chroma
        grain: logarithm of the spread of grey within tiles of 4 x 4 pixels, in the calmest tenth of them: a drawing has
            flat parts, and only noise leaves none
    """

    shape: Rows
    colours: Rows
    palette: Rows
    sharpness: Rows
    tones: Rows
    grain: Rows

    def __len__(self) -> int:
        return len(self.shape)

    def of(self, chosen: Sequence[int]) -> "Looks":
        """Return the features of some of the pictures."""
        return Looks(*(rows[np.array(chosen, np.intp)] for rows in vars(self).values()))


def encoded(rgb: Pixels) -> bytes:
    """Find the features of a picture, and return them as bytes."""
    square = np.ascontiguousarray(_resized(rgb, _SIDE))
    small = _resized(square, _SHAPE_SIDE)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    parts = (
        _hog.compute(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)),
        _resized(square, _COLOURS_SIDE).astype(np.float32) / 255,
        _palette(lab),
        _sharpness(square, max(rgb.shape[:2])),
        _tones(lab),
        _grain(rgb if max(rgb.shape[:2]) <= _SIDE else square),
    )
    return np.concatenate([np.ravel(np.asarray(part, np.float32)) for part in parts]).tobytes()


def decoded(found: Iterable[bytes]) -> Looks:
    """Return the features of pictures that `encoded` has found, in the same order."""
    rows = np.frombuffer(b"".join(found), np.float32).reshape(-1, sum(_SIZES))
    return Looks(*np.split(rows, np.cumsum(_SIZES)[:-1], axis=1))


def in_lab(colours: Rows) -> Rows:
    """Return colours of pictures at 8 x 8 in CIE L*a*b*, in which distances are as large as they look."""
    points = np.ascontiguousarray(colours).reshape(-1, 1, 3)
    return np.asarray(cv2.cvtColor(points, cv2.COLOR_RGB2LAB), np.float32).reshape(len(colours), -1)


def off_middle(rows: Rows) -> Rows:
    """Return how far features are above or below their middle value, by the spread of each feature around it."""
    middle = np.median(rows, axis=0)
    spread = np.median(np.abs(rows - middle), axis=0)
    return np.asarray((rows - middle) / np.maximum(spread, _LEAST_SPREAD), np.float32)


def _resized(rgb: Pixels, side: int) -> Pixels:
    smaller = max(rgb.shape[:2]) > side
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=way), np.uint8)


def _palette(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    ranges = [0, 100.01, -_CHROMA, _CHROMA, -_CHROMA, _CHROMA]
    inside = np.clip(lab, (0, -_CHROMA, -_CHROMA), (100, _CHROMA - 1, _CHROMA - 1)).astype(np.float32)
    counts = cv2.calcHist([inside], [0, 1, 2], None, list(_BINS), ranges)
    return np.asarray(np.sqrt(counts / (lab.shape[0] * lab.shape[1])), np.float32)


def _sharpness(square: Pixels, own_side: int) -> list[float]:
    """Measure the details of each size that a picture of `own_side` pixels can have; 0 for the finer ones."""
    found, grey = list[float](), np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), np.float32)
    for side in _DETAIL_SIDES:
        half = np.asarray(cv2.resize(grey, (side // 2, side // 2), interpolation=cv2.INTER_AREA), np.float32)
        lost = np.abs(grey - cv2.resize(half, (side, side), interpolation=cv2.INTER_CUBIC))
        found += [float(np.log1p(lost.mean())), float(np.log1p(np.median(lost)))] if side < 2 * own_side else [0.0, 0.0]
        grey = half
    return found


def _tones(lab: NDArray[np.float32]) -> list[float]:
    lightness, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    return [float(np.log1p(value)) for each in (lightness, chroma) for value in (each.mean(), each.std())]


def _grain(rgb: Pixels) -> float:
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY), np.float32)
    rows, columns = (length // _TILE for length in grey.shape)
    tiles = grey[: rows * _TILE, : columns * _TILE].reshape(rows, _TILE, columns, _TILE)
    return float(np.log1p(np.quantile(tiles.std(axis=(1, 3)), _CALM))) if tiles.size else 0.0
