"""Colours as the eye compares them: CIELAB under D65, and the difference CIEDE2000 of two of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

LIGHTNESS = 2.0
"""kL of CIEDE2000. With 2 a difference of lightness counts half of what it does with 1: light changes that the most."""

ENOUGH = 0.25
"""Share of the pixels that must have a colour that is wanted."""

Lab = NDArray[np.float64]
"""Colours in CIELAB; the last axis is L*, a*, b*."""

RGB = NDArray[np.uint8]
"""sRGB values; the last axis is red, green, blue."""


@dataclass(frozen=True)
class Colour:
    """A colour in CIELAB, and the share of the pixels looked at that have it, 0 to 1."""

    lab: tuple[float, float, float]
    share: float

    @classmethod
    def of(cls, lab: Lab, share: float) -> "Colour":
        """Return the colour [3] with its share."""
        lightness, red, yellow = map(float, lab)
        return cls((lightness, red, yellow), share)

    @property
    def name(self) -> str:
        """The colour as #rrggbb."""
        pixel = cv2.cvtColor(np.asarray([[self.lab]], np.float32), cv2.COLOR_Lab2RGB)[0, 0]
        return "#" + "".join(f"{round(255 * min(1.0, max(0.0, float(level)))):02x}" for level in pixel)


def lab_of(rgb: RGB) -> Lab:
    """Return sRGB pixels [..., 3] in CIELAB."""
    flat = np.ascontiguousarray(rgb.reshape(1, -1, 3), np.float32) / 255
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2Lab), np.float64).reshape(rgb.shape)


def lab_of_name(name: str) -> Lab:
    """Return a colour #rrggbb in CIELAB."""
    return lab_of(np.frombuffer(bytes.fromhex(name.removeprefix("#")), np.uint8))


def clusters(rgb: RGB, most: int) -> list[tuple[Lab, float]]:
    """Return at most `most` colours [3] in CIELAB that stand for the pixels [n, 3], and the share of each.

    By median cut, then k-means, as Pillow does it: the same pixels give the same colours.
    """
    picture = Image.fromarray(np.ascontiguousarray(rgb.reshape(1, -1, 3)))
    reduced = picture.quantize(most, Image.Quantize.MEDIANCUT, kmeans=3)
    palette = np.asarray(reduced.getpalette("RGB"), np.uint8).reshape(-1, 3)
    numbers = np.bincount(np.asarray(reduced).ravel(), minlength=len(palette))
    return [(lab_of(palette[index]), float(number) / numbers.sum()) for index, number in enumerate(numbers) if number]


def difference(first: Lab, second: Lab, lightness: float = LIGHTNESS) -> NDArray[np.float64]:
    """Return the difference CIEDE2000 of colours in CIELAB, which broadcast against each other.

    After G. Sharma, W. Wu and E. N. Dalal, 2005; `lightness` is kL, kC and kH are 1.
    """
    mean = (np.hypot(first[..., 1], first[..., 2]) + np.hypot(second[..., 1], second[..., 2])) / 2
    stretch = 1.5 - 0.5 * _saturation(mean)
    chroma_1, hue_1 = _polar(first, stretch)
    chroma_2, hue_2 = _polar(second, stretch)
    turn = (hue_2 - hue_1 + 180) % 360 - 180
    by_hue = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.radians(turn) / 2)
    chroma = (chroma_1 + chroma_2) / 2
    middle = (first[..., 0] + second[..., 0]) / 2 - 50
    weighted_l = (second[..., 0] - first[..., 0]) / lightness / (1 + 0.015 * middle**2 / np.sqrt(20 + middle**2))
    weighted_c = (chroma_2 - chroma_1) / (1 + 0.045 * chroma)
    hue = np.where(chroma_1 * chroma_2 == 0, hue_1 + hue_2, hue_1 + turn / 2)
    weighted_h = by_hue / (1 + 0.015 * chroma * _hue_weight(hue))
    rotation = -2 * _saturation(chroma) * np.sin(np.radians(60 * np.exp(-((((hue % 360) - 275) / 25) ** 2))))
    squares = weighted_l**2 + weighted_c**2 + weighted_h**2 + rotation * weighted_c * weighted_h
    found: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0))
    return found


def distance(found: Sequence[Colour], wanted: Sequence[Lab]) -> float | None:
    """Return the CIEDE2000 within which `ENOUGH` of what has been found lies from the nearest of the colours wanted.

    None where nothing has been found. Shadows, reflections and ribbons may be further off.
    """
    nearest = sorted(
        (min(float(difference(np.asarray(each.lab), lab)) for lab in wanted), each.share) for each in found
    )
    enough = ENOUGH * sum(each.share for each in found)
    reached = accumulate(share for _, share in nearest)
    return next((away for (away, _), share in zip(nearest, reached, strict=True) if share >= enough), None)


def _saturation(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    return found


def _polar(lab: Lab, stretch: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    red = lab[..., 1] * stretch
    return np.hypot(red, lab[..., 2]), np.degrees(np.arctan2(lab[..., 2], red)) % 360


def _hue_weight(hue: NDArray[np.float64]) -> NDArray[np.float64]:
    waves = ((1, -30, -0.17), (2, 0, 0.24), (3, 6, 0.32), (4, -63, -0.20))
    return np.asarray(1 + sum(size * np.cos(np.radians(times * hue + shift)) for times, shift, size in waves))
