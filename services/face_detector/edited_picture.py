"""Finds out which part of its original a picture shows that a person has cropped, turned or resized in an editor.

Details of both are matched (SIFT: D. Lowe, IJCV 2004), a similarity transform is fitted to them (RANSAC), made more
exact by correlation (ECC: Evangelidis and Psarakis, PAMI 2008), and believed only if the pixels then agree.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.face_detector.detector import Box
from services.face_detector.turning import around
from shared.contract.edited_faces import EditedFace, Shown, Unusable
from shared.contract.reasons import Drop
from shared.pictures import ANY_SHAPE, decode, flatten

Levels = NDArray[np.uint8]
Transform = NDArray[np.float64]
"""Maps pixels of one picture to those of another: a matrix of 2 x 3."""

SMALLEST, LARGEST = 256, 448
"""Pixels of the longer side between which an edited picture is brought: small ones have few details."""

WORKING_SIDE = 320
"""Pixels to which the longer side of the former box is brought in the original."""

_MARGIN = 0.5
"""Part of the former box, on each side of it, in which a picture is looked for before the whole original is."""

_MOST_PIXELS = 2_000_000
_RATIO = 0.8
"""Distance of the best match of a detail, in that of the next best, at most (Lowe's ratio test)."""

_LEAST_INLIERS = 10
_NEAR = 3.0
"""Pixels by which matched details may miss the transform."""

_SMOOTH = 2.5
"""Pixels of the Gaussian by which both are smoothed before that."""

_AGREE, _LEAST_AGREEING = 24.0, 0.86
"""Levels (of 255) by which pixels may differ, and the part of them that has to agree.

Of drawings of one character, turned, cropped and saved as JPEG at 64 to 512 px, 0.87 and more agree (the least where
bars and a filling take half of the picture), of those of another pose 0.85 and less.
"""

_LEAST_SHOWN = 0.15
"""Part of an edited picture that has to show something beside a filling of one colour from its corners."""

_FILLING = 24
"""Levels by which pixels of such a filling differ."""

_SAME_PLACE, _SAME_ANGLE = 0.02, 0.7
"""What saving as JPEG and fitting move a picture at most: part of its side, and degrees."""


_SURELY_AGREEING = 0.97
"""Part of the pixels from which on nobody asks whether a mirrored picture agrees better: faces are symmetrical."""


class _Scene(NamedTuple):
    """A part of an original, in grey levels, enlarged by `scale`; its first pixel lies at `left` and `top`."""

    levels: Levels
    left: float
    top: float
    scale: float


@dataclass(frozen=True)
class _Fit:
    """A transform from a picture to a scene, and the part of the pixels that agree by it."""

    transform: Transform
    agreeing: float


class _Found(NamedTuple):
    """A part of an original that a picture shows, and the part of the pixels that agree."""

    shown: Shown
    agreeing: float


class PictureFinder:
    """`shared.contract.edited_faces.EditFinder` by details of the pictures."""

    def find(self, face: EditedFace) -> Shown | Unusable | None:
        edited = decode(face.edited, ANY_SHAPE)
        if isinstance(edited, Drop):
            return Unusable(f"cannot be read: {edited.detail}")
        original, exported = decode(face.original, ANY_SHAPE), decode(face.exported, ANY_SHAPE)
        if isinstance(original, Drop) or isinstance(exported, Drop):
            return Unusable("has an original that cannot be read any more")
        if _is_equal(edited.image, exported.image):
            return None
        whole, scale = _grey(original.image), WORKING_SIDE / max(face.box[2:])
        near = _scene(whole, around(Box(*face.box), face.angle), scale, _MARGIN)
        found = _found(edited.image, near) or _found(edited.image, _scaled(whole, 0, 0, scale))
        if found is None or found.agreeing < _SURELY_AGREEING:
            mirrored = _found(edited.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), near)
            if mirrored is not None and (found is None or mirrored.agreeing > found.agreeing):
                return Unusable("shows the face mirrored, which a box cannot say (and training does by itself)")
        if found is None:
            return Unusable("was not found in its original")
        return None if _is_as_before(found.shown, face) else found.shown


def _is_equal(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and np.array_equal(np.asarray(flatten(one)), np.asarray(flatten(other)))


def _is_as_before(shown: Shown, face: EditedFace) -> bool:
    """Return whether a part is what was exported: the box, or the square around it."""
    side = max(face.box[2:])
    turned = abs((shown.angle - face.angle + 180) % 360 - 180)
    middles = [(box[0] + box[2] / 2, box[1] + box[3] / 2) for box in (shown.box, face.box)]
    far = max(abs(a - b) for a, b in zip(*middles, strict=True))
    other = max(abs(length - side) for length in shown.box[2:])
    is_near = max(far, other) <= max(_SAME_PLACE * side, 1.5)
    return is_near and turned <= _SAME_ANGLE


def _grey(image: Image.Image) -> Levels:
    return np.asarray(flatten(image).convert("L"))


def _scene(whole: Levels, box: Box, scale: float, margin: float) -> _Scene:
    """Return the part of an original around a box, by `margin` times its longer side on each side, at a scale."""
    more = round(margin * max(box.width, box.height))
    part = Box(box.x - more, box.y - more, box.width + 2 * more, box.height + 2 * more)
    inside = part.within(whole.shape[1], whole.shape[0])
    levels = whole[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
    return _scaled(levels, inside.x, inside.y, scale)


def _scaled(levels: Levels, left: int, top: int, scale: float) -> _Scene:
    """Return a scene at a scale, or at the largest that leaves it few enough pixels."""
    scale = min(scale, 4.0, math.sqrt(_MOST_PIXELS / levels.size))
    height, width = (max(1, round(side * scale)) for side in levels.shape)
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return _Scene(
        np.asarray(cv2.resize(levels, (width, height), interpolation=smooth)), left, top, width / levels.shape[1]
    )


def _found(edited: Image.Image, scene: _Scene) -> _Found | None:
    """Return the part of a scene's original that a picture shows; None if it is not found there."""
    times = min(max(1.0, SMALLEST / max(edited.size)), LARGEST / max(edited.size))
    size = (max(1, round(edited.width * times)), max(1, round(edited.height * times)))
    picture = edited.resize(size, Image.Resampling.BICUBIC)
    levels, mask = _grey(picture), _content(picture)
    if mask.mean() < 255 * _LEAST_SHOWN:
        return None
    fits = [_agreement(levels, mask, scene, transform) for transform in _transforms(levels, mask, scene)]
    best = max(fits, key=lambda fit: fit.agreeing, default=None)
    if best is None or best.agreeing < _LEAST_AGREEING:
        return None
    return _Found(_part(best.transform, edited.size, times, scene), best.agreeing)


def _content(picture: Image.Image) -> Levels:
    """Return 255 where a picture shows something: not where it is transparent or filled from a corner on."""
    rgb = np.array(flatten(picture))
    height, width = rgb.shape[:2]
    filled = np.zeros((height + 2, width + 2), np.uint8)
    near, how = (_FILLING,) * 3, 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (255 << 8)
    for corner in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        if not filled[corner[1] + 1, corner[0] + 1]:
            cv2.floodFill(rgb, filled, corner, 0, near, near, how)
    shown = np.where(filled[1:-1, 1:-1] > 0, 0, 255).astype(np.uint8)
    if picture.mode == "RGBA":
        shown[np.asarray(picture)[:, :, 3] < 255] = 0
    return shown


def _transforms(levels: Levels, mask: Levels, scene: _Scene) -> list[Transform]:
    """Return the similarity transforms that may lay a picture on a scene: by its details, and made more exact."""
    by_details = _by_details(levels, mask, scene.levels)
    if by_details is None:
        return []
    start = by_details.astype(np.float32)
    everywhere = np.full_like(scene.levels, 255)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-5)
    try:
        _, exact = cv2.findTransformECC(levels, scene.levels, start, cv2.MOTION_AFFINE, stop, everywhere, 5)
    except cv2.error:  # it does not converge
        return [by_details]
    return [by_details, _similarity(np.asarray(exact, np.float64), levels.shape)]


def _by_details(levels: Levels, mask: Levels, scene: Levels) -> Transform | None:
    sift = cv2.SIFT_create(nfeatures=3000, contrastThreshold=0.02)  # type: ignore[attr-defined, unused-ignore]
    points, features = sift.detectAndCompute(levels, cv2.erode(mask, np.ones((5, 5), np.uint8)))
    others, other_features = sift.detectAndCompute(scene, None)
    if features is None or other_features is None or min(len(points), len(others)) < _LEAST_INLIERS:
        return None
    pairs = [pair for pair in cv2.BFMatcher().knnMatch(features, other_features, k=2) if len(pair) == 2]
    good = [best for best, next_best in pairs if best.distance < _RATIO * next_best.distance]
    if len(good) < _LEAST_INLIERS:
        return None
    here = np.array([points[match.queryIdx].pt for match in good])
    there = np.array([others[match.trainIdx].pt for match in good])
    fitted: tuple[Any, Any] = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=_NEAR, maxIters=5000)
    found, inliers = fitted
    enough = found is not None and int(inliers.sum()) >= _LEAST_INLIERS
    return np.asarray(found, np.float64) if enough else None


def _similarity(affine: Transform, shape: tuple[int, ...]) -> Transform:
    """Return the similarity transform that is nearest to an affine one, and moves the middle of the picture alike."""
    a, b = (affine[0, 0] + affine[1, 1]) / 2, (affine[1, 0] - affine[0, 1]) / 2
    turn = np.array([[a, -b], [b, a]])
    middle = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])
    moved = affine[:, :2] @ middle + affine[:, 2] - turn @ middle
    return np.column_stack([turn, moved])


def _agreement(levels: Levels, mask: Levels, scene: _Scene, transform: Transform) -> _Fit:
    """Return a transform with the part of the pixels that agree, of those that show something and lie in the scene."""
    size, flags = (levels.shape[1], levels.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    there = cv2.warpAffine(scene.levels, transform, size, flags=flags)
    inside = cv2.warpAffine(np.full_like(scene.levels, 255), transform, size, flags=flags) == 255
    compared = inside & (mask > 0)
    if compared.mean() < _LEAST_SHOWN:
        return _Fit(transform, 0.0)
    one, other = (_smooth(each)[compared] for each in (levels, there))
    difference = one - other
    difference -= np.median(difference)  # brightness may have been changed as well
    return _Fit(transform, float((np.abs(difference) < _AGREE).mean()))


def _smooth(levels: NDArray[Any]) -> NDArray[np.float32]:
    """Return levels without what one of two pictures of other sizes has lost."""
    return np.asarray(cv2.GaussianBlur(levels.astype(np.float32), (0, 0), _SMOOTH))


def _part(transform: Transform, size: tuple[int, int], times: float, scene: _Scene) -> Shown:
    """Return the box in the original, in whole pixels, that a picture of `size` shows by a transform to a scene.

    The transform is that of the picture enlarged by `times`.
    """
    scale = times * math.hypot(transform[0, 0], transform[1, 0]) / scene.scale
    middle = transform @ np.array([(times * size[0] - 1) / 2, (times * size[1] - 1) / 2, 1.0])
    x, y = (middle + 0.5) / scene.scale + (scene.left, scene.top)
    width, height = (max(1, round(side * scale)) for side in size)
    angle = math.degrees(math.atan2(transform[1, 0], transform[0, 0]))
    is_level = abs(math.radians(angle)) * max(width, height) / 2 < 0.5
    box = round(x - width / 2), round(y - height / 2), width, height
    return Shown(box, 0.0 if is_level else round(angle, 2))
