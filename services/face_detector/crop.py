"""Where faces are cut out: which of those found go on, and how far each crop reaches."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pydantic import Field

from services.face_detector.detector import Box, Face
from services.face_detector.turning import about, around
from shared.contract.reasons import Drop, Reason
from shared.recipe.faces import Edge, Expansion, Faces, PictureExpansion, TooMany
from shared.recipe.section import Section

LEVEL = 5.0
"""Degrees of tilt up to which a head counts as upright: they are measured to within about that."""


class Crop(NamedTuple):
    """A box to be cut out, and the degrees by which it is turned clockwise about its middle."""

    box: Box
    angle: float = 0.0


class CropRules(Section):
    """The part of `shared.recipe.faces.Faces` that does not concern how faces are found."""

    expand: Expansion | PictureExpansion
    smallest: int
    elongation: float
    lowest: float
    sharpness: float
    jpeg_quality: int = Field(0, exclude_if=lambda least: not least)
    at_most: int
    too_many: TooMany
    edge: Edge

    @classmethod
    def of(cls, faces: Faces) -> "CropRules":
        """Return a recipe's rules."""
        return cls.model_validate(faces.model_dump(include=set(cls.model_fields)))


class Measures(NamedTuple):
    """Measure a part of the picture: how sharp it is, and at which quality it was stored as JPEG.

    By `shared.pictures.sharpness` and `shared.pictures.jpeg_traces`; what no rule asks for is not measured.
    """

    sharpness: Callable[[Box], float]
    jpeg_quality: Callable[[Box], int]


def crops(
    faces: Sequence[Face], size: tuple[int, int], rules: CropRules, measures: Measures
) -> list[Crop | Drop] | Drop:
    """Return, for every face in a picture of `size` (width, height), its crop or a `Drop` that says why it has none.

    Faces are numbered from left to right, then from top to bottom, then by size. A `Drop` alone is the picture's.
    Faces that are dropped for what they are do not count towards `at_most`.
    """
    angles = {face.box: face.angle for face in faces}
    boxes = sorted(face.box for face in faces)
    if not boxes:
        return Drop(Reason.NO_FACE, "no face was found")
    unfit = {box: drop for box in boxes if (drop := _unfit(box, size, rules, measures)) is not None}
    fit = [box for box in boxes if box not in unfit]
    if len(fit) > rules.at_most and rules.too_many is TooMany.DROP:
        return Drop(Reason.TOO_MANY_FACES, f"{len(fit)} faces, at most {rules.at_most} are taken")
    largest = set(sorted(fit, key=lambda box: -box.area)[: rules.at_most])
    return [unfit.get(box) or _crop(box, angles[box], size, rules, among_largest=box in largest) for box in boxes]


def expanded(box: Box, by: Expansion | PictureExpansion) -> Box:
    """Add the margins `by` to a face's box; the result may reach beyond the picture."""
    if by is PictureExpansion.PONYTAIL:
        left, right = round(0.85 * box.x), round(box.x + 1.5 * box.width)
        top = round(0.1 * box.y)
        return Box(left, top, right - left, box.y + box.height - top)
    left, right = round(box.x - by.left * box.width), round(box.x + box.width * (1 + by.right))
    top, bottom = round(box.y - by.top * box.height), round(box.y + box.height * (1 + by.bottom))
    return Box(left, top, right - left, bottom - top)


def placed(box: Box, size: tuple[int, int], edge: Edge) -> Box | Drop:
    """Cut, shift or drop a crop that reaches beyond a picture of `size`, by the recipe's rule `edge`.

    A crop that is larger than the picture cannot be shifted inside; what the picture lacks is cut.
    """
    inside = box.within(*size)
    if inside == box or edge is Edge.CUT:
        return inside
    if edge is Edge.DROP:
        return Drop(Reason.FACE_AT_THE_EDGE, "its crop reaches beyond the picture")
    width, height = min(box.width, size[0]), min(box.height, size[1])
    x, y = min(max(0, box.x), size[0] - width), min(max(0, box.y), size[1] - height)
    return Box(x, y, width, height)


def placed_turned(crop: Crop, size: tuple[int, int], edge: Edge) -> Crop | Drop:
    """Shift or drop a turned crop that reaches beyond a picture of `size`; it is never cut.

    What it lacks even so, and by the rule `cut` all that it lacks, is filled when it is cut out (`turning`).
    """
    whole = around(crop.box, crop.angle)
    if whole == whole.within(*size) or edge is Edge.CUT:
        return crop
    if edge is Edge.DROP:
        return Drop(Reason.FACE_AT_THE_EDGE, "its crop reaches beyond the picture")
    right, down = _inwards(whole.x, whole.width, size[0]), _inwards(whole.y, whole.height, size[1])
    return crop._replace(box=crop.box._replace(x=crop.box.x + right, y=crop.box.y + down))


def _inwards(low: int, length: int, whole: int) -> int:
    """Return by how much to shift what is `length` long to lie within `whole`; 0 if it is too long for that."""
    return min(max(0, low), whole - length) - low if length <= whole else 0


def _unfit(face: Box, size: tuple[int, int], rules: CropRules, measures: Measures) -> Drop | None:
    """Return why a face is not taken, whatever else is in the picture."""
    short, long = sorted((face.width, face.height))
    if short < rules.smallest:
        return Drop(Reason.FACE_TOO_SMALL, f"{face.width} x {face.height} pixels, at least {rules.smallest} a side")
    if long > short * rules.elongation:
        detail = f"{face.width} x {face.height} pixels, at most {rules.elongation:g} : 1"
        return Drop(Reason.FACE_TOO_ELONGATED, detail)
    middle = (face.y + face.height / 2) / size[1]
    if middle > rules.lowest:
        return Drop(Reason.FACE_TOO_LOW, f"its middle lies at {middle:.2f} of the height, at most {rules.lowest:g}")
    if rules.sharpness and (found := measures.sharpness(face)) < rules.sharpness:
        return Drop(Reason.FACE_BLURRED, f"sharpness {found:.2f}, at least {rules.sharpness:g}")
    if rules.jpeg_quality and (quality := measures.jpeg_quality(face)) < rules.jpeg_quality:
        return Drop(Reason.FACE_COMPRESSED, f"stored as JPEG of quality {quality}, at least {rules.jpeg_quality}")
    return None


def _crop(face: Box, angle: float, size: tuple[int, int], rules: CropRules, *, among_largest: bool) -> Crop | Drop:
    if not among_largest:
        return Drop(Reason.TOO_MANY_FACES, f"it is not among the picture's {rules.at_most} largest")
    box = expanded(face, rules.expand)
    if abs(angle) > LEVEL:
        return placed_turned(Crop(about(box, face, angle), angle), size, rules.edge)
    found = placed(box, size, rules.edge)
    return found if isinstance(found, Drop) else Crop(found)
