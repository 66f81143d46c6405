"""Selections of the adaptive augmentations (Karras et al. 2020, "Training GANs with limited data") by name."""

import enum

from shared.contract.errors import Poison


class Pipe(enum.Flag):
    """A set of operators; the composed members are the pipes of the official project, under their official names."""

    XFLIP = enum.auto()
    ROTATE90 = enum.auto()
    XINT = enum.auto()
    SCALE = enum.auto()
    ROTATE = enum.auto()
    ANISO = enum.auto()
    XFRAC = enum.auto()
    BRIGHTNESS = enum.auto()
    CONTRAST = enum.auto()
    LUMAFLIP = enum.auto()
    HUE = enum.auto()
    SATURATION = enum.auto()
    FILTER = enum.auto()
    NOISE = enum.auto()
    CUTOUT = enum.auto()

    BLIT = XFLIP | ROTATE90 | XINT
    GEOM = SCALE | ROTATE | ANISO | XFRAC
    COLOR = BRIGHTNESS | CONTRAST | LUMAFLIP | HUE | SATURATION
    BG = BLIT | GEOM
    BGC = BG | COLOR
    BGCF = BGC | FILTER
    BGCFN = BGCF | NOISE
    BGCFNC = BGCFN | CUTOUT


NAMES = ("blit", "geom", "color", "filter", "noise", "cutout", "bg", "bgc", "bgcf", "bgcfn", "bgcfnc")
"""The official names, as a person writes them."""


def named(name: str) -> Pipe:
    """Return the pipe with an official name. Raises Poison for any other."""
    if name not in NAMES:
        raise Poison(f"There is no augmentation pipe {name!r}; write one of: {', '.join(NAMES)}.")
    return Pipe[name.upper()]
