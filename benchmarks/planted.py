"""Makes sets of faces of one character with some planted among them that do not belong, each set of one kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.labelled import labelled
from demo.character import HEROINE, Character, Fringe, HairStyle, any_character, any_pose
from demo.drawing import Placement, background, figure, render
from services.face_detector.detector import Box

OWN, PLANTED = 103, 12
"""Faces that belong into a set of drawings, and those of one kind that are planted into it."""

_DRAWN, _SIDE = 360, 256


@dataclass(frozen=True)
class PlantedSet:
    """Faces of which those marked as `planted`, [n], do not belong."""

    kind: str
    faces: Sequence[Image.Image]
    planted: NDArray[np.bool_]


def face(character: Character, random: Random, side: int = _SIDE) -> Image.Image:
    """Draw a face as detectors cut one out."""
    at = Placement(
        x=_DRAWN * random.uniform(0.46, 0.54), y=_DRAWN * random.uniform(0.5, 0.58), scale=random.uniform(1.05, 1.3)
    )
    size = (_DRAWN, _DRAWN)
    png = render(background(random, size) + figure(character, any_pose(random), at), size)
    return Image.open(BytesIO(png)).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def restyled(character: Character, random: Random) -> Character:
    """Give a character another hair style in the same colours."""
    styles = [style for style in HairStyle if style is not character.style]
    fringes = [fringe for fringe in Fringe if fringe is not character.fringe]
    return replace(character, style=random.choice(styles), fringe=random.choice(fringes))


def shifted(image: Image.Image, random: Random) -> Image.Image:
    """Shift by a quarter; the edge is repeated."""
    far = image.width // 4
    x, y = random.choice([(far, 0), (-far, 0), (0, far), (0, -far), (far, far)])
    padded = np.pad(np.asarray(image), ((far, far), (far, far), (0, 0)), mode="edge")
    return Image.fromarray(padded[far + y : far + y + image.height, far + x : far + x + image.width])


def noisy(image: Image.Image, random: Random) -> Image.Image:
    """Add noise of 20 levels."""
    noise = np.random.default_rng(random.randrange(1 << 30)).normal(0, 20, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def zoomed(image: Image.Image, random: Random) -> Image.Image:
    """Enlarge the middle to twice its size."""
    quarter = image.width // 4
    middle = image.crop((quarter, quarter, image.width - quarter, image.height - quarter))
    return middle.resize(image.size, Image.Resampling.BICUBIC)


def turned(image: Image.Image, random: Random) -> Image.Image:
    """Turn by 70 degrees to either side."""
    return image.rotate(random.choice([-70, 70]), Image.Resampling.BICUBIC, fillcolor="#c8c8c8")


def copied(image: Image.Image, random: Random) -> Image.Image:
    """Shift by up to two of 128 pixels, and make a little darker or lighter, as near copies are."""
    far = image.width // 64
    moved = np.roll(np.asarray(image), (random.randint(-far, far), random.randint(-far, far)), (0, 1))
    return Image.fromarray(np.clip(moved * random.uniform(0.97, 1.03), 0, 255).astype(np.uint8))


ALTERED: dict[str, Callable[[Image.Image, Random], Image.Image]] = {
    "shifted": shifted,
    "blurred": lambda image, random: image.filter(ImageFilter.GaussianBlur(image.width / 32)),
    "noisy": noisy,
    "zoomed": zoomed,
    "turned": turned,
    "grey": lambda image, random: image.convert("L").convert("RGB"),
}


def drawn_sets(seed: int, side: int = _SIDE) -> list[PlantedSet]:
    """Draw a character, another one for each seed, with each kind of faces that do not belong, of `side` pixels."""
    random = Random(f"suspects {seed}")
    character = any_character(random) if seed else HEROINE
    own = [face(character, random, side) for _ in range(OWN + PLANTED)]
    others = [face(any_character(random), random, side) for _ in range(PLANTED)]
    restyles = [face(restyled(character, random), random, side) for _ in range(PLANTED)]
    planted = {"others": others, "restyled": restyles, **_altered(own[OWN:], random)}
    mixed = [image for images in planted.values() for image in images[:2]]
    copies = [copied(image, random) for image in others[:2] for _ in range(PLANTED // 2)]
    return [_set(kind, own[:OWN], images) for kind, images in {**planted, "mixed": mixed, "copies": copies}.items()]


def labelled_sets(folder: Path, seed: int, side: int = _SIDE) -> list[PlantedSet]:
    """Cut out the labelled faces of a folder, and plant some of them altered, which ones depends on the seed."""
    random = Random(f"suspects {seed}")
    own = [_cut(each.image(), box, side) for each in labelled(folder) for box in each.faces]
    random.shuffle(own)
    altered = _altered(own[:PLANTED], random)
    return [_set(kind, own[PLANTED:], images) for kind, images in altered.items()]


def _cut(image: Image.Image, box: Box, side: int) -> Image.Image:
    half = round(max(box.width, box.height) * 0.8)
    x, y = box.x + box.width // 2, box.y + round(box.height * 0.4)
    return image.crop((x - half, y - half, x + half, y + half)).resize((side, side), Image.Resampling.LANCZOS)


def _altered(images: Sequence[Image.Image], random: Random) -> dict[str, list[Image.Image]]:
    return {kind: list(map(partial(_by, alter, random), images)) for kind, alter in ALTERED.items()}


def _by(alter: Callable[[Image.Image, Random], Image.Image], random: Random, image: Image.Image) -> Image.Image:
    return alter(image, random)


def _set(kind: str, own: Sequence[Image.Image], planted: Sequence[Image.Image]) -> PlantedSet:
    return PlantedSet(kind, [*own, *planted], np.arange(len(own) + len(planted)) >= len(own))
