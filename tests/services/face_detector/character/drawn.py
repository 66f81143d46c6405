"""Drawings of characters whose colours are known, with their faces at a known place."""

import io
from dataclasses import replace
from random import Random

from PIL import Image

from demo.character import HEROINE, Character, Eyes, Fringe, Pose
from demo.drawing import Placement, background, figure, render
from services.face_detector.detector import Box

OTHER = replace(HEROINE, hair="#b5482f", eyes="#3f9a52", fringe=Fringe.STRAIGHT)
"""A character of other colours."""

SIZE = (400, 460)
SCALE = 0.9
FACE = Box(110, 165, 180, 150)
"""Where the face lies: from temple to temple, from fringe to chin."""


def drawing(character: Character = HEROINE, eyes: Eyes = Eyes.OPEN, ground: str = "", seed: int = 0) -> Image.Image:
    """Draw a character before one of four kinds of background, or a plain one of the colour `ground`."""
    behind = (
        f'<rect width="{SIZE[0]}" height="{SIZE[1]}" fill="{ground}"/>'
        if ground
        else background(Random(f"ground {seed}"), SIZE)
    )
    body = behind + figure(character, Pose(eyes=eyes), Placement(200, 205, SCALE))
    return Image.open(io.BytesIO(render(body, SIZE))).convert("RGB")


def png(image: Image.Image) -> bytes:
    """Return a picture's file."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
