"""Invented characters and the poses that they are drawn in: plain values, drawn by `demo.drawing`."""

import colorsys
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random


class Fringe(StrEnum):
    """Shapes of the hair over the forehead."""

    STRAIGHT = "straight"
    PARTED = "parted"
    SWEPT = "swept"
    SPIKY = "spiky"


class HairStyle(StrEnum):
    """Shapes of the hair behind the face."""

    LONG = "long"
    BOB = "bob"
    TWIN_TAILS = "twin-tails"
    SHORT = "short"


class Eyes(StrEnum):
    """States of the eyes."""

    OPEN = "open"
    HALF = "half"
    HAPPY = "happy"
    WINK = "wink"


class Mouth(StrEnum):
    """Shapes of the mouth."""

    SMILE = "smile"
    OPEN = "open"
    SMALL = "small"
    CAT = "cat"
    POUT = "pout"


class Accessory(StrEnum):
    """Things worn on the head."""

    NONE = "none"
    RIBBON = "ribbon"
    HAIRPIN = "hairpin"
    CAT_EARS = "cat-ears"


@dataclass(frozen=True)
class Character:
    """The features that all drawings of one character share. Colours are #rrggbb."""

    hair: str
    eyes: str
    skin: str
    outfit: str
    accent: str
    fringe: Fringe
    style: HairStyle
    accessory: Accessory
    face_width: float = 1.0


@dataclass(frozen=True)
class Pose:
    """The features that differ between two drawings of one character.

    `tilt` is in degrees; `yaw` and `pitch` run from -1 to 1 (a little under three quarters of a profile).
    """

    tilt: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    eyes: Eyes = Eyes.OPEN
    mouth: Mouth = Mouth.SMILE
    brow: float = 0.0
    blush: float = 0.3
    gaze: float = 0.0


HEROINE = Character(
    hair="#3f8fd2",
    eyes="#d2452f",
    skin="#fde3d2",
    outfit="#2b2f55",
    accent="#f2b632",
    fringe=Fringe.PARTED,
    style=HairStyle.BOB,
    accessory=Accessory.RIBBON,
)
"""Margot, the demo's character: no real work's, invented for Magritte."""


def any_character(random: Random) -> Character:
    """Return a random character, for the pictures that the base network is trained on."""
    return Character(
        hair=_colour(random, lightness=(0.18, 0.82), saturation=(0.15, 0.75)),
        eyes=_colour(random, lightness=(0.3, 0.55), saturation=(0.5, 0.95)),
        skin=random.choice(["#fde3d2", "#fbe8dc", "#f6d3bc", "#efc6a8", "#d9a988", "#c08a66"]),
        outfit=_colour(random, lightness=(0.15, 0.9), saturation=(0.1, 0.8)),
        accent=_colour(random, lightness=(0.4, 0.7), saturation=(0.6, 0.95)),
        fringe=random.choice(list(Fringe)),
        style=random.choice(list(HairStyle)),
        accessory=random.choice(list(Accessory)),
        face_width=random.uniform(0.94, 1.06),
    )


def any_pose(random: Random) -> Pose:
    """Return a random pose as pictures of one character have them: mostly frontal, mostly open eyes."""
    return Pose(
        tilt=random.gauss(0, 6),
        yaw=max(-1.0, min(1.0, random.gauss(0, 0.4))),
        pitch=max(-1.0, min(1.0, random.gauss(0, 0.35))),
        eyes=random.choices(list(Eyes), weights=[8, 2, 1, 1])[0],
        mouth=random.choice(list(Mouth)),
        brow=random.uniform(-1, 1),
        blush=random.choice([0.0, 0.3, 0.7]),
        gaze=random.uniform(-1, 1),
    )


def closely_resembling(pose: Pose) -> Pose:
    """Return `pose` with another mouth, as in the variants that artists post side by side."""
    return replace(pose, mouth=Mouth.SMALL if pose.mouth is not Mouth.SMALL else Mouth.SMILE)


def _colour(random: Random, lightness: tuple[float, float], saturation: tuple[float, float]) -> str:
    rgb = colorsys.hls_to_rgb(random.random(), random.uniform(*lightness), random.uniform(*saturation))
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in rgb)
