"""Crops that are turned against the picture, so that a tilted head is upright in them. Angles are clockwise degrees."""

import math

import cv2
import numpy as np
from PIL import Image

from services.face_detector.detector import Box

Point = tuple[float, float]


def turned_point(point: Point, angle: float) -> Point:
    """Turn a point about the origin, clockwise as one sees it (y grows downwards)."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return point[0] * cosine - point[1] * sine, point[0] * sine + point[1] * cosine


def about(box: Box, pivot: Box, angle: float) -> Box:
    """Move `box` to where its middle comes to lie when it is turned, with the face `pivot`, about that face's middle.

    What lies in there, turned about its own middle, is then what was in `box` beside the face if that was upright.
    """
    middle, centre = _middle(box), _middle(pivot)
    x, y = turned_point((middle[0] - centre[0], middle[1] - centre[1]), angle)
    left, top = centre[0] + x - box.width / 2, centre[1] + y - box.height / 2
    return Box(round(left), round(top), box.width, box.height)


def around(box: Box, angle: float) -> Box:
    """Return the smallest upright box around `box` turned about its middle."""
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    width, height = box.width * cosine + box.height * sine, box.width * sine + box.height * cosine
    (x, y), wide, high = _middle(box), math.ceil(width), math.ceil(height)
    return Box(math.floor(x - wide / 2), math.floor(y - high / 2), wide + 1, high + 1)


def cut(image: Image.Image, box: Box, angle: float) -> Image.Image:
    """Cut `box` out of an RGB or RGBA picture: pixel for pixel, or set upright if it is turned."""
    if angle:
        return cut_turned(image, box, angle)
    return image.crop((box.x, box.y, box.x + box.width, box.y + box.height))


def cut_turned(image: Image.Image, box: Box, angle: float) -> Image.Image:
    """Cut `box`, turned clockwise about its middle, out of an RGB or RGBA picture, and set it upright.

    Pixels are resampled once, bicubic; beyond the picture they are its mirror image.
    """
    premultiplied = np.asarray(image.convert("RGBa") if image.mode == "RGBA" else image)
    across, down = turned_point((1, 0), angle), turned_point((0, 1), angle)
    x, y = _middle(box)
    first = -(box.width - 1) / 2, -(box.height - 1) / 2  # the middle of the crop's first pixel
    left = x - 0.5 + across[0] * first[0] + down[0] * first[1]
    top = y - 0.5 + across[1] * first[0] + down[1] * first[1]
    matrix = np.array([[across[0], down[0], left], [across[1], down[1], top]])
    flags, border = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, cv2.BORDER_REFLECT_101
    cut = cv2.warpAffine(premultiplied, matrix, (box.width, box.height), flags=flags, borderMode=border)
    if image.mode == "RGBA":
        return Image.frombytes("RGBa", (box.width, box.height), cut.tobytes()).convert("RGBA")
    return Image.fromarray(cut)


def _middle(box: Box) -> Point:
    return box.x + box.width / 2, box.y + box.height / 2
