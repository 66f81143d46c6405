"""The colours of a drawn face's eyes, estimated where eyes usually are in the face's box. Pure.

Closed eyes, and a face turned so far that its eyes are elsewhere, tell no colours. Glasses, hair before the eyes, and
light of a strong colour change them; eyes of a few pixels give a mixture with the lashes.
"""

import numpy as np

from services.face_detector.character.colours import Colour, Lab, clusters, difference, lab_of
from services.face_detector.character.regions import CHEEKS, Head, Region

BOTH = Region(0.12, 0.36, 0.42, 0.66), Region(0.58, 0.36, 0.88, 0.66)

COLOURS = 10
"""Colours that the pixels are reduced to."""

SKIN = 9.0
"""CIEDE2000 from the cheeks up to which a colour is skin."""

PAPER = 85.0
"""L* from which a colour without chroma is the white of the eye, or a reflection."""

INK = 18.0
"""L* up to which a colour without chroma is a lash."""

GREY = 12.0
"""Chroma below which a colour is none."""

PAINTED = 0.25
"""Share of the regions that must be neither skin nor white nor lashes. Of 363 drawings of `demo.drawing`, all with
closed eyes have less, all with open ones more, and most with a wink."""

LEAST = 0.08
"""Share of the eyes' pixels below which a colour is left out."""


def eye_colours(head: Head) -> list[Colour]:
    """Return the colours of the eyes, that of the most pixels first; none where no open eye is seen."""
    pixels, cheeks = head.pixels(*BOTH), head.pixels(CHEEKS)
    if not len(pixels) or not len(cheeks):
        return []
    skin: Lab = np.median(lab_of(cheeks), axis=0)
    own = [(lab, share) for lab, share in clusters(pixels, COLOURS) if not _is_no_iris(lab, skin)]
    whole = sum(share for _, share in own)
    if whole < PAINTED:
        return []
    colours = [Colour.of(lab, share / whole) for lab, share in own]
    return sorted((each for each in colours if each.share >= LEAST), key=lambda each: -each.share)


def _is_no_iris(lab: Lab, skin: Lab) -> bool:
    is_grey = float(np.hypot(lab[1], lab[2])) < GREY
    is_white_or_lash = is_grey and not INK <= lab[0] <= PAPER
    return is_white_or_lash or float(difference(skin, lab)) < SKIN
