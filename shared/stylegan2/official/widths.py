"""Numbers of feature maps: counted in a network's variables, and the official rule that they may follow."""

from collections import Counter
from collections.abc import Mapping

from shared.stylegan2.architecture import Shapes, nf

Widths = dict[int, int]
"""Stage -> number of feature maps; a side of 2^n px belongs to stage n - 1, D's Dense0 is stage 0."""

_OFFICIAL_BASES = (16384, 8192)


def counted(shapes: Shapes, places: Mapping[str, int]) -> int | None:
    """Return the width that most of the variables in `places` have in the axis given there; None if there are none.

    So one variable of another shape is reported as such, not taken for the width of all the others.
    """
    found = [shapes[name][axis] for name, axis in places.items() if axis < len(shapes.get(name, ()))]
    counts = Counter(width for width in found if width > 0)
    return counts.most_common(1)[0][0] if counts else None


def generator_places(side: int) -> dict[str, int]:
    """Return the variables, and the axis of each, that show how many maps G has at `side` px."""
    scope = f"G_synthesis/{side}x{side}"
    last = "Conv" if side == 4 else "Conv1"
    places = {f"{scope}/{last}/bias": 0, f"{scope}/{last}/weight": 3, f"{scope}/ToRGB/weight": 2}
    places |= {f"{scope}/ToRGB/mod_bias": 0, f"{scope}/ToRGB/mod_weight": 1}
    return places if side == 4 else places | {f"{scope}/Conv0_up/bias": 0, f"{scope}/Conv0_up/weight": 3}


def discriminator_places(side: int) -> dict[str, int]:
    """Return the variables, and the axis of each, that show how many maps D has at `side` px; side 2 is its Dense0."""
    if side == 2:
        return {"4x4/Dense0/bias": 0, "4x4/Dense0/weight": 1, "Output/weight": 0}
    scope = f"{side}x{side}"
    if side == 4:
        return {"4x4/Conv/bias": 0, "4x4/Conv/weight": 3, "8x8/Conv1_down/bias": 0, "8x8/Skip/weight": 3}
    places = {f"{scope}/Conv0/bias": 0, f"{scope}/Conv0/weight": 3}
    return places | {f"{scope}/Conv1_down/weight": 2, f"{scope}/Skip/weight": 2}


def rule(widths: Widths) -> tuple[int, int] | None:
    """Find an fmap_base and an fmap_max that give `widths`, official ones where they do; None if there are none.

    A width is the base shifted right by its stage, so the widest that is not cut off at the limit tells most of it.
    """
    most = max(widths.values())
    stage = min((stage for stage, width in widths.items() if width < most), default=max(widths))
    from_width = widths[stage] << stage, ((widths[stage] + 1) << stage) - 1
    for base in (*_OFFICIAL_BASES, *from_width):
        if all(nf(number, base, most) == width for number, width in widths.items()):
            return base, most
    return None
