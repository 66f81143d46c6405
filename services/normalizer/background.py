"""Puts something else in the place of what lies behind a figure."""

from typing import Literal

import numpy as np
from PIL import Image, ImageChops
from PIL.ImageFilter import GaussianBlur

from services.normalizer.fit import BLUR
from services.normalizer.matte import Matte

Fill = str | Literal["blur"]
"""A colour as #rrggbb, or "blur": the background itself, without its lines."""


def covered(matte: Matte) -> float:
    """Return the share of a picture, 0 to 1, that belongs to the figure more than to the background."""
    return float((matte >= 0.5).mean())


def refilled(flat: Image.Image, matte: Matte, alpha: Image.Image | None, fill: Fill) -> Image.Image:
    """Return an RGB picture with its figure as it is, on `fill`. `alpha`, if any, is the picture's own transparency.

    Colours of edges are mixed in sRGB, as nearly all programs do. What the old background has left in half covered
    pixels stays.
    """
    mask = Image.fromarray(np.rint(matte * 255).astype(np.uint8))
    if alpha is not None:
        mask = ImageChops.multiply(mask, alpha)
    behind = _blurred(flat, mask) if fill == "blur" else Image.new("RGB", flat.size, fill)
    return Image.composite(flat, behind, mask)


def _blurred(flat: Image.Image, mask: Image.Image) -> Image.Image:
    """Return the background blurred, of which the figure is no part: each pixel counts by how far it is background."""
    weighted = flat.copy()
    weighted.putalpha(ImageChops.invert(mask))
    blurred = weighted.convert("RGBa").filter(GaussianBlur(max(flat.size) / BLUR))
    return blurred.convert("RGBA").convert("RGB")
