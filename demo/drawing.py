"""Draws a character in an anime manner, as SVG rendered by resvg.

Coordinates of a head: its centre is the origin, the face reaches from -100 to 100 in x; y grows downwards.
Features move with `yaw` and `pitch` by their depth, which is what makes the head seem to turn.
"""

import colorsys
from dataclasses import dataclass
from random import Random

import resvg_py

from demo.character import Accessory, Character, Eyes, Fringe, HairStyle, Mouth, Pose


@dataclass(frozen=True)
class Placement:
    """The place of a head's centre in the picture, in pixels, and the pixels that one unit of the head takes."""

    x: float
    y: float
    scale: float


def any_placement(random: Random, size: tuple[int, int]) -> Placement:
    """Place a head at random in the upper middle of the picture, as in most portraits."""
    width, height = size
    return Placement(
        x=width * random.uniform(0.42, 0.58),
        y=height * random.uniform(0.36, 0.46),
        scale=min(size) / 720 * random.uniform(1.05, 1.5),
    )


def draw(character: Character, pose: Pose, random: Random, size: tuple[int, int] = (720, 900)) -> bytes:
    """Draw background, shoulders and head as PNG bytes. `random` places head and background."""
    return render(background(random, size) + figure(character, pose, any_placement(random, size)), size)


def render(body: str, size: tuple[int, int]) -> bytes:
    """Render the SVG elements `body` as PNG bytes of `size` (width, height) pixels."""
    width, height = size
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{body}</svg>'
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))


def background(random: Random, size: tuple[int, int]) -> str:
    """Return SVG of one of four kinds of background, in two random pale colours."""
    width, height = size
    first, second = (_pale(random) for _ in range(2))
    parts = [f'<rect width="{width}" height="{height}" fill="{first}"/>']
    kind = random.randrange(4)
    if kind == 1:
        parts += [
            f'<rect x="{x}" width="{width // 16}" height="{height}" fill="{second}"/>'
            for x in range(0, width, width // 8)
        ]
    elif kind == 2:
        parts += [
            f'<circle cx="{random.uniform(0, width):.0f}" cy="{random.uniform(0, height):.0f}" '
            f'r="{random.uniform(20, 110):.0f}" fill="{second}" fill-opacity="0.6"/>'
            for _ in range(14)
        ]
    elif kind == 3:
        y = height * random.uniform(0.5, 0.8)
        parts.append(
            f'<path d="M0 {y:.0f} Q {width / 4:.0f} {y - 120:.0f} {width / 2:.0f} {y:.0f} '
            f'T {width} {y:.0f} V {height} H 0 Z" fill="{second}"/>'
        )
    return "".join(parts)


def shade(colour: str, factor: float) -> str:
    """Darken (`factor` < 1) or lighten (`factor` > 1) a colour #rrggbb, keeping its hue."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    lightness = lightness * factor if factor < 1 else 1 - (1 - lightness) / factor
    rgb = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in rgb)


def _pale(random: Random) -> str:
    rgb = colorsys.hls_to_rgb(random.random(), random.uniform(0.62, 0.95), random.uniform(0.1, 0.7))
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in rgb)


def figure(c: Character, pose: Pose, at: Placement) -> str:
    """Return SVG of one character from the shoulders up."""
    head = f'<g transform="rotate({pose.tilt:.1f} 0 90)">'
    return (
        f'<g transform="translate({at.x:.1f} {at.y:.1f}) scale({at.scale:.3f})">'
        + head
        + _back_hair(c, pose)
        + "</g>"
        + _body(c)
        + head
        + _ears(c, pose)
        + _face(c, pose)
        + _features(c, pose)
        + _fringe(c, pose)
        + _accessory(c, pose)
        + "</g></g>"
    )


def _body(c: Character) -> str:
    skin, line = shade(c.skin, 0.93), shade(c.outfit, 0.5)
    return (
        f'<path d="M-30 80 L-34 165 L34 165 L30 80 Z" fill="{skin}" stroke="{shade(c.skin, 0.6)}" '
        'stroke-width="3"/>'
        f'<path d="M-36 150 Q-130 165 -170 215 L-215 700 L215 700 L170 215 Q130 165 36 150 Q0 205 -36 150 Z" '
        f'fill="{c.outfit}" stroke="{line}" stroke-width="4"/>'
        f'<path d="M-44 148 L0 225 L44 148 L70 165 L8 262 L-8 262 L-70 165 Z" fill="{c.accent}" '
        f'stroke="{line}" stroke-width="3"/>'
    )


def _ears(c: Character, pose: Pose) -> str:
    ears = ""
    for side in (-1, 1):
        x = side * (96 - 4 * side * pose.yaw) * c.face_width - 6 * pose.yaw
        ears += (
            f'<ellipse cx="{x:.1f}" cy="22" rx="13" ry="22" fill="{shade(c.skin, 0.95)}" '
            f'stroke="{shade(c.skin, 0.55)}" stroke-width="3"/>'
        )
    return ears


def _face(c: Character, pose: Pose) -> str:
    w, chin = 97 * c.face_width, 16 * pose.yaw
    path = (
        f"M{-w:.1f} -30 C{-w:.1f} 40 {-62 + chin * 0.6:.1f} 88 {chin:.1f} 118 "
        f"C{62 + chin * 0.6:.1f} 88 {w:.1f} 40 {w:.1f} -30 C{w:.1f} -130 {-w:.1f} -130 {-w:.1f} -30 Z"
    )
    shadow = (
        f'<path d="M{-w:.1f} -30 C{-w:.1f} -62 -40 -34 0 -40 C40 -34 {w:.1f} -62 {w:.1f} -30 '
        f'C{w:.1f} -130 {-w:.1f} -130 {-w:.1f} -30 Z" fill="{shade(c.skin, 0.86)}"/>'
    )
    outline = f'stroke="{shade(c.skin, 0.5)}" stroke-width="3.5"'
    return f'<path d="{path}" fill="{c.skin}" {outline}/>{shadow}'


def _features(c: Character, pose: Pose) -> str:
    dx, dy = 22 * pose.yaw, 10 * pose.pitch
    parts = [f'<g transform="translate({dx:.1f} {dy:.1f})">']
    for side in (-1, 1):
        x = side * 45 * c.face_width
        narrow = 1 - 0.22 * max(0.0, side * pose.yaw)
        parts.append(f'<g transform="translate({x:.1f} 28) scale({narrow:.3f} 1)">')
        closed = pose.eyes is Eyes.HAPPY or (pose.eyes is Eyes.WINK and side > 0)
        parts.append(_closed_eye(c) if closed else _eye(c, pose, side))
        parts.append(_brow(c, pose, side))
        if pose.blush:
            parts.append(
                f'<ellipse cx="{side * 12}" cy="41" rx="19" ry="8" fill="#f58a86" fill-opacity="{pose.blush:.2f}"/>'
            )
        parts.append("</g>")
    parts.append(_nose(c, pose))
    parts.append(_mouth(pose))
    parts.append("</g>")
    return "".join(parts)


def _eye(c: Character, pose: Pose, side: int) -> str:
    openness = 0.62 if pose.eyes is Eyes.HALF else 1.0
    top = -34 * openness
    gaze = 4 * pose.gaze + 3 * pose.yaw
    clip = "left-eye" if side < 0 else "right-eye"
    corner, x = top * 0.35, side
    white = (
        f"M{-28 * x} {corner:.1f} Q{-20 * x} {top:.1f} {2 * x} {top:.1f} Q{25 * x} {top:.1f} {28 * x} 2 "
        f"Q{22 * x} 30 0 31 Q{-22 * x} 30 {-28 * x} {corner:.1f} Z"
    )
    lash = "#2a1c1e"
    upper = f"M-31 {top * 0.2 + 4:.1f} Q-22 {top - 6:.1f} 1 {top - 4:.1f} Q24 {top - 6:.1f} 31 {top * 0.2 + 4:.1f}"
    return (
        f'<clipPath id="{clip}"><path d="{white}"/></clipPath>'
        f'<path d="{white}" fill="#ffffff"/>'
        f'<g clip-path="url(#{clip})">'
        f'<ellipse cx="{gaze:.1f}" cy="0" rx="20" ry="29" fill="{c.eyes}"/>'
        f'<ellipse cx="{gaze:.1f}" cy="-12" rx="20" ry="18" fill="{shade(c.eyes, 0.45)}"/>'
        f'<ellipse cx="{gaze:.1f}" cy="1" rx="9" ry="14" fill="{shade(c.eyes, 0.22)}"/>'
        f'<ellipse cx="{gaze:.1f}" cy="18" rx="12" ry="7" fill="{shade(c.eyes, 1.7)}"/>'
        f'<rect x="-32" y="{top - 2:.1f}" width="64" height="9" fill="#000000" fill-opacity="0.22"/>'
        "</g>"
        f'<ellipse cx="{gaze - 8:.1f}" cy="-13" rx="6.5" ry="8" fill="#ffffff"/>'
        f'<circle cx="{gaze + 9:.1f}" cy="12" r="3.4" fill="#ffffff"/>'
        f'<path d="{upper}" fill="none" stroke="{lash}" stroke-width="7.5" stroke-linecap="round"/>'
        f'<path d="M-14 31 Q0 34 14 31" fill="none" stroke="{lash}" stroke-width="2.5"/>'
    )


def _closed_eye(c: Character) -> str:
    return (
        '<path d="M-28 10 Q0 -22 28 10" fill="none" stroke="#2a1c1e" stroke-width="7" '
        f'stroke-linecap="round"/><path d="M-20 -22 Q0 -34 20 -22" fill="none" '
        f'stroke="{shade(c.skin, 0.7)}" stroke-width="2.5"/>'
    )


def _brow(c: Character, pose: Pose, side: int) -> str:
    inner, outer = -54 + 7 * pose.brow, -54 - 5 * pose.brow
    y_left, y_right = (outer, inner) if side < 0 else (inner, outer)
    return (
        f'<path d="M-24 {y_left:.1f} Q0 {min(y_left, y_right) - 7:.1f} 24 {y_right:.1f}" fill="none" '
        f'stroke="{shade(c.hair, 0.5)}" stroke-width="4.5" stroke-linecap="round"/>'
    )


def _nose(c: Character, pose: Pose) -> str:
    x = 6 * pose.yaw
    return (
        f'<path d="M{x:.1f} 58 l{4 + 4 * pose.yaw:.1f} 7 l-6 2" fill="none" '
        f'stroke="{shade(c.skin, 0.6)}" stroke-width="3" stroke-linecap="round"/>'
    )


def _mouth(pose: Pose) -> str:
    line = 'fill="none" stroke="#7a2e2e" stroke-width="4" stroke-linecap="round"'
    shapes = {
        Mouth.SMILE: f'<path d="M-17 83 Q0 95 17 83" {line}/>',
        Mouth.OPEN: '<path d="M-18 80 Q0 76 18 80 Q14 104 0 104 Q-14 104 -18 80 Z" fill="#a83a3f" '
        'stroke="#7a2e2e" stroke-width="3"/><ellipse cx="0" cy="99" rx="9" ry="5" fill="#ee8a86"/>',
        Mouth.SMALL: f'<path d="M-7 86 L7 86" {line}/>',
        Mouth.CAT: f'<path d="M-17 82 Q-9 93 0 84 Q9 93 17 82" {line}/>',
        Mouth.POUT: f'<path d="M-12 90 Q0 81 12 90" {line}/>',
    }
    return shapes[pose.mouth]


def _hair_paint(c: Character) -> str:
    return f'fill="{c.hair}" stroke="{shade(c.hair, 0.45)}" stroke-width="4" stroke-linejoin="round"'


def _back_hair(c: Character, pose: Pose) -> str:
    x = -8 * pose.yaw
    dark = f'fill="{shade(c.hair, 0.8)}" stroke="{shade(c.hair, 0.4)}" stroke-width="4"'
    shapes = {
        HairStyle.LONG: "M-120 -30 C-150 140 -165 300 -140 400 Q0 430 140 400 C165 300 150 140 120 -30 Z",
        HairStyle.BOB: "M-122 -30 C-150 60 -140 120 -112 150 Q0 168 112 150 C140 120 150 60 122 -30 Z",
        HairStyle.SHORT: "M-114 -30 C-124 30 -112 70 -88 92 L88 92 C112 70 124 30 114 -30 Z",
        HairStyle.TWIN_TAILS: "M-112 -30 C-120 20 -108 60 -84 80 L84 80 C108 60 120 20 112 -30 Z",
    }
    tails = ""
    if c.style is HairStyle.TWIN_TAILS:
        for side in (-1, 1):
            tails += (
                f'<path d="M{side * 104} -70 C{side * 220} -60 {side * 215} 180 {side * 165} 330 '
                f'C{side * 150} 200 {side * 150} 60 {side * 100} -10 Z" {dark}/>'
            )
    return f'<g transform="translate({x:.1f} 0)">{tails}<path d="{shapes[c.style]}" {dark}/></g>'


def _fringe(c: Character, pose: Pose) -> str:
    paint, s = _hair_paint(c), 12 * pose.yaw
    dome = "M-122 30 C-150 -170 150 -170 122 30 "
    fringes = {
        Fringe.STRAIGHT: f"C112 10 104 -20 98 -44 L84 0 L62 -22 L42 4 L{18 + s:.0f} -20 L-4 4 L-26 -22 L-48 4 L-70 -22 "
        "L-88 0 L-98 -44 C-104 -20 -112 10 -122 30 Z",
        Fringe.PARTED: f"C114 10 108 -20 100 -50 Q60 -40 {20 + s:.0f} -104 Q{10 + s:.0f} -60 -28 -14 Q-40 -30 -44 -46 "
        "Q-66 -20 -92 -2 L-100 -50 C-108 -20 -114 10 -122 30 Z",
        Fringe.SWEPT: f"C114 10 108 -20 100 -56 Q70 -60 {60 + s:.0f} -96 Q10 -30 -96 6 L-100 -40 C-108 -20 -114 10 "
        "-122 30 Z",
        Fringe.SPIKY: f"C114 10 108 -20 98 -50 L80 2 L60 -44 L{34 + s:.0f} 10 L8 -42 L-22 12 L-46 -42 L-72 4 L-98 -50 "
        "C-108 -20 -114 10 -122 30 Z",
    }
    locks = ""
    for side in (-1, 1):
        locks += (
            f'<path d="M{side * 118} -20 C{side * 126} 50 {side * 122} 90 {side * 104} 138 '
            f'C{side * 96} 90 {side * 100} 30 {side * 92} -36 Z" {paint}/>'
        )
    shine = f'<path d="M-78 -88 Q0 -126 78 -88 Q0 -108 -78 -88 Z" fill="{shade(c.hair, 1.6)}" fill-opacity="0.75"/>'
    return f'{locks}<path d="{dome}{fringes[c.fringe]}" {paint}/>{shine}'


def _accessory(c: Character, pose: Pose) -> str:
    line = f'stroke="{shade(c.accent, 0.5)}" stroke-width="3.5" stroke-linejoin="round"'
    if c.accessory is Accessory.RIBBON:
        return (
            f'<g transform="translate({70 - 8 * pose.yaw:.1f} -112) rotate(24)">'
            f'<path d="M0 0 L-46 -30 L-46 28 Z M0 0 L46 -30 L46 28 Z" fill="{c.accent}" {line}/>'
            f'<circle r="11" fill="{shade(c.accent, 0.8)}" {line}/></g>'
        )
    if c.accessory is Accessory.HAIRPIN:
        return f'<rect x="-84" y="-58" width="44" height="12" rx="5" fill="{c.accent}" {line}/>'
    if c.accessory is Accessory.CAT_EARS:
        ears = ""
        for side in (-1, 1):
            ears += (
                f'<path d="M{side * 104} -74 L{side * 96} -176 L{side * 34} -116 Z" {_hair_paint(c)}/>'
                f'<path d="M{side * 92} -96 L{side * 88} -146 L{side * 56} -116 Z" fill="#f3b4b4"/>'
            )
        return ears
    return ""
