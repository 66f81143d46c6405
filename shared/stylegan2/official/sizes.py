"""The architecture of official networks, from the shapes of their variables: the files do not state it."""

import re
from collections.abc import Callable
from typing import Any

from shared.stylegan2.architecture import Architecture, Shapes, nf
from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.settings import cmap_lrmul, conv_clamp, group_size, refuse_others
from shared.stylegan2.official.snapshot import OfficialNetwork, OfficialSnapshot
from shared.stylegan2.official.widths import counted, discriminator_places, generator_places, rule

_SIDE = re.compile(r"G_synthesis/(\d{1,5})x\1/Conv1/weight")
_DENSE = re.compile(r"G_mapping/Dense(\d|[1-9]\d)/weight")
_MAPPING = re.compile(r"D:Mapping(\d|[1-9]\d)/weight")
_SMALLEST_SIDE, _LARGEST_SIDE = 8, 1 << 14


def architecture_of(snapshot: OfficialSnapshot) -> Architecture:
    """Infer the architecture of networks from shapes. Raises BadFile, with a variable's name, unless config E or F."""
    refuse_others(snapshot)
    shapes = _Shapes(snapshot)
    mapping_layers = max(shapes.layers(_DENSE), 1)
    hidden = "G_mapping/Dense0/bias" if mapping_layers > 1 else "dlatent_avg"
    try:
        return Architecture(
            shapes.resolution(),
            shapes.size("G_synthesis/4x4/ToRGB/bias", 0),
            w_size=shapes.size("dlatent_avg", 0),
            mapping_layers=mapping_layers,
            mapping_fmaps=shapes.size(hidden, 0),
            mbstd_group_size=group_size(snapshot.D),
            mbstd_num_features=shapes.size("D:4x4/Conv/weight", 2) - shapes.size("D:4x4/Conv/weight", 3),
            conv_clamp=conv_clamp(snapshot),
            **_widths(shapes),
            **_labels_of_generator(shapes),
            **_labels_of_discriminator(shapes, snapshot.D),
        )
    except ValueError as error:
        raise BadFile(f"its sizes make no network of ours: {error}") from error


class _Shapes:
    """Shapes of G's variables, and of D's with the prefix `D:`."""

    def __init__(self, snapshot: OfficialSnapshot) -> None:
        self._G: Shapes = {name: value.shape for name, value in snapshot.G.variables.items()}
        self._all: Shapes = self._G | {f"D:{name}": value.shape for name, value in snapshot.D.variables.items()}

    def has(self, name: str) -> bool:
        return name in self._all

    def size(self, name: str, axis: int) -> int:
        """Return the length of an axis of a variable that every StyleGAN2 has; raises BadFile without it."""
        shown = name.replace("D:", "D/") if name.startswith("D:") else f"G/{name}"
        if name not in self._all:
            raise BadFile(f"{shown} is missing: these are not networks of StyleGAN2's config E or F")
        if axis >= len(self._all[name]):
            raise BadFile(
                f"{shown} has the shape {self._all[name]}: these are not networks of StyleGAN2's config E or F"
            )
        return self._all[name][axis]

    def width(self, side: int, places: Callable[[int], dict[str, int]], prefix: str = "") -> int:
        """Return the number of maps at `side` px that most of the variables in `places` have."""
        prefixed = {f"{prefix}{name}": axis for name, axis in places(side).items()}
        first = next(iter(prefixed))
        return counted(self._all, prefixed) or self.size(first, prefixed[first])

    def resolution(self) -> int:
        sides = [int(found[1]) for name in self._G if (found := _SIDE.fullmatch(name))]
        fit = [side for side in sides if _SMALLEST_SIDE <= side <= _LARGEST_SIDE]
        if not fit:
            raise BadFile("G/G_synthesis/8x8/Conv1/weight is missing: these are not networks of StyleGAN2")
        return max(fit)

    def layers(self, pattern: re.Pattern[str]) -> int:
        """Count layers by the highest number, so that those that a file lacks in between are reported as missing."""
        return 1 + max((int(found[1]) for name in self._all if (found := pattern.fullmatch(name))), default=-1)


def _widths(shapes: _Shapes) -> dict[str, Any]:
    """Return the rule that both networks follow, or G's with D's widths, or the widths of both where no rule fits."""
    sides = [1 << level for level in range(2, shapes.resolution().bit_length())]
    G = {_stage(side): shapes.width(side, generator_places) for side in sides}
    D = {_stage(side): shapes.width(side, discriminator_places, "D:") for side in (2, *sides)}
    both = rule(D) if D == D | G else None
    base, most = both or rule(G) or rule(D) or (max(G.values()), max(G.values()))
    usual = {stage: nf(stage, base, most) for stage in D}
    return {
        "fmap_base": base,
        "fmap_max": most,
        "g_widths": () if usual == usual | G else tuple(G.values()),
        "d_widths": () if usual == D else tuple(D.values()),
    }


def _stage(side: int) -> int:
    return side.bit_length() - 2


def _labels_of_generator(shapes: _Shapes) -> dict[str, Any]:
    """Return G's sizes of labels and z, embedded as stylegan2-ada does or as stylegan2 does."""
    embedding, concatenation, dense = (f"G_mapping/{name}/weight" for name in ("LabelEmbed", "LabelConcat", "Dense0"))
    if shapes.has(embedding):
        label_size, width = (shapes.size(embedding, axis) for axis in (0, 1))
        return {"label_size": label_size, "label_fmaps": width, "z_size": shapes.size(dense, 0) - width}
    if shapes.has(concatenation):
        return {"label_size": shapes.size(concatenation, 0), "z_size": shapes.size(concatenation, 1)}
    return {"z_size": shapes.size(dense, 0)}


def _labels_of_discriminator(shapes: _Shapes, discriminator: OfficialNetwork) -> dict[str, Any]:
    if not shapes.has("D:LabelEmbed/weight"):
        return {}
    return {
        "cmap_fmaps": shapes.size("D:LabelEmbed/weight", 1),
        "cmap_layers": shapes.layers(_MAPPING),
        "cmap_lrmul": cmap_lrmul(discriminator),
    }
