"""The colours of a drawn head's hair, estimated from around and above its face. Pure.

It looks where hair usually is, and leaves out what is skin, a thin dark line, or seen as much far from the head as
beside it. So hats and hoods give colours that are not the hair's, and hair before a background of its own colour may be
lost; light of a strong colour, such as an evening's, changes the hair as it changes all else.
"""

import numpy as np

from services.face_detector.character.colours import Colour, Lab, clusters, difference, lab_of
from services.face_detector.character.regions import CHEEKS, Head, Region

CROWN = Region(0.1, -0.35, 0.9, 0.1)
SIDES = Region(-0.15, 0.1, 0.02, 0.7), Region(0.98, 0.1, 1.15, 0.7)
FAR = Region(-1, -1, -0.4, 2), Region(1.4, -1, 2, 2), Region(-1, -1, 2, -0.7)
"""Where, beyond all hair but the longest, the background is."""

COLOURS = 7
"""Colours that the pixels are reduced to."""

SAME = 8.0
"""CIEDE2000 up to which pixels are taken for one paint: a flat colour and what compression makes of it."""

SKIN = 7.0
"""CIEDE2000 from the cheeks up to which a colour is skin."""

INK = 22.0
"""L* below which a colour of few pixels is a line and not hair."""

LINES = 0.25
"""Share of the pixels that lines have at most."""

LEAST = 0.1
"""Share of the hair's pixels below which a colour is left out: reflections, ribbons."""


def hair_colours(head: Head) -> list[Colour]:
    """Return the colours of the hair, that of the most pixels first; none where the picture has no place for hair.

    Where all could be skin or background, nothing is left out.
    """
    pixels = head.pixels(CROWN, *SIDES)
    if not len(pixels):
        return []
    found = clusters(pixels, COLOURS)
    own = [each for each in found if not _is_other(*each, head)] or found
    whole = sum(share for _, share in own)
    colours = [Colour.of(lab, share / whole) for lab, share in own]
    return sorted((each for each in colours if each.share >= LEAST), key=lambda each: -each.share)


def _is_other(lab: Lab, share: float, head: Head) -> bool:
    """Return whether a colour is that of lines, of skin, or of the background."""
    cheeks, far = head.pixels(CHEEKS), head.pixels(*FAR)
    is_skin = len(cheeks) > 0 and float(difference(np.median(lab_of(cheeks), axis=0), lab)) < SKIN
    is_behind = len(far) > 0 and float(np.mean(difference(lab_of(far), lab) < SAME)) > share
    return (lab[0] < INK and share < LINES) or is_skin or is_behind
