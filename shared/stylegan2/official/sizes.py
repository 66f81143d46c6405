"""The architecture of official networks, from the shapes of their variables: the files do not state it."""

import re
from collections.abc import Mapping
from typing import Any

from shared.errors import Poison
from shared.stylegan2.architecture import Architecture, Shapes
from shared.stylegan2.official.snapshot import NAMES, OfficialNetwork, Snapshot

_SIDE = re.compile(r"G_synthesis/(\d{1,5})x\1/Conv1/weight")
_DENSE = re.compile(r"G_mapping/Dense(\d|[1-9]\d)/weight")
_SMALLEST_SIDE, _LARGEST_SIDE = 8, 1 << 14
_OFFICIAL_BASES = (16384, 8192)
_WHOLE_BATCH = 1 << 16
"""Group size of the minibatch deviation where it is the whole batch: more than any batch."""
_GROUP_SIZES = {4: 4, 5: None}
"""What a version of D groups by unless its settings say otherwise; None is the whole batch."""

_OTHERS = (
    (re.compile(r".*(ToRGB|FromRGB)_lod\d"), "progressive growing (StyleGAN 1, and configs A to C)"),
    (re.compile(r".*(AdaIN|StyleMod|/Noise/)"), "StyleGAN 1 layers"),
    (re.compile(r".*LabelEmbed/"), "the label embedding of stylegan2-ada, which our networks do not have"),
    (re.compile(r"D_\w+/"), "a discriminator with a mapping network"),
    (re.compile(r"G_synthesis/\d+x\d+/Skip/"), "a residual generator"),
)
"""Variables of networks that compute something else, even where all others fit."""

_ARITHMETIC: dict[str, object] = {
    "mapping_lrmul": 0.01,
    "mapping_nonlinearity": "lrelu",
    "normalize_latents": True,
    "nonlinearity": "lrelu",
    "use_noise": True,
    "fmap_decay": 1,
    "fmap_min": 1,
    "resample_kernel": [1, 3, 3, 1],
    "use_pagan": False,
    "use_spectral_norm": False,
}
"""Settings that change what a network computes without showing in its shapes: the only values that ours has."""

_OF_MAPPING = {"mapping_lrmul", "mapping_nonlinearity", "normalize_latents"}
"""These mean nothing to a discriminator."""

_KNOWN = {
    *("num_channels", "resolution", "label_size", "latent_size", "dlatent_size", "mapping_layers", "mapping_fmaps"),
    *("fmap_base", "fmap_max", "mbstd_group_size", "mbstd_num_features", "dlatent_broadcast", "architecture"),
    *_ARITHMETIC,
}


def architecture_of(snapshot: Snapshot) -> Architecture:
    """The sizes that fit these networks. Raises Poison, with a variable's name, where they are not of config E or F."""
    _refuse_others(snapshot)
    shapes = _Shapes(snapshot)
    resolution, mapping_layers = shapes.resolution(), shapes.mapping_layers()
    widths = {side.bit_length() - 2: shapes.size(f"G_synthesis/{_first(side)}/bias", 0) for side in _sides(resolution)}
    fmap_base, fmap_max = _fmap_sizes(widths, shapes.size("D:4x4/Dense0/bias", 0))
    label_size = shapes.size("G_mapping/LabelConcat/weight", 0) if shapes.labelled else 0
    hidden = "G_mapping/Dense0/bias" if mapping_layers > 1 else "dlatent_avg"
    latent = ("G_mapping/LabelConcat/weight", 1) if label_size else ("G_mapping/Dense0/weight", 0)
    try:
        return Architecture(
            resolution,
            shapes.size("G_synthesis/4x4/ToRGB/bias", 0),
            label_size,
            fmap_base=fmap_base,
            fmap_max=fmap_max,
            z_size=shapes.size(*latent),
            w_size=shapes.size("dlatent_avg", 0),
            mapping_layers=mapping_layers,
            mapping_fmaps=shapes.size(hidden, 0),
            mbstd_group_size=_group_size(snapshot.D),
            mbstd_num_features=shapes.size("D:4x4/Conv/weight", 2) - shapes.size("D:4x4/Conv/weight", 3),
        )
    except ValueError as error:
        raise Poison(f"its sizes make no network of ours: {error}") from error


def ignored_settings(snapshot: Snapshot) -> tuple[str, ...]:
    """Names of settings that were given and not looked at."""
    networks = (snapshot.G, snapshot.D, snapshot.Gs)
    return tuple(sorted({name for network in networks for name in network.settings} - _KNOWN))


class _Shapes:
    """Shapes of G's variables, and of D's with the prefix `D:`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._G: Shapes = {name: value.shape for name, value in snapshot.G.variables.items()}
        self._all: Shapes = self._G | {f"D:{name}": value.shape for name, value in snapshot.D.variables.items()}

    @property
    def labelled(self) -> bool:
        return "G_mapping/LabelConcat/weight" in self._G

    def size(self, name: str, axis: int) -> int:
        """The length of an axis of a variable that every StyleGAN2 has."""
        shown = name.replace("D:", "D/") if name.startswith("D:") else f"G/{name}"
        if name not in self._all:
            raise Poison(f"{shown} is missing: these are not networks of StyleGAN2's config E or F")
        if axis >= len(self._all[name]):
            raise Poison(
                f"{shown} has the shape {self._all[name]}: these are not networks of StyleGAN2's config E or F"
            )
        return self._all[name][axis]

    def resolution(self) -> int:
        sides = [int(found[1]) for name in self._G if (found := _SIDE.fullmatch(name))]
        fit = [side for side in sides if _SMALLEST_SIDE <= side <= _LARGEST_SIDE]
        if not fit:
            raise Poison("G/G_synthesis/8x8/Conv1/weight is missing: these are not networks of StyleGAN2")
        return max(fit)

    def mapping_layers(self) -> int:
        """Counted by the last one: those that a file lacks in between are then told as missing."""
        return 1 + max((int(found[1]) for name in self._G if (found := _DENSE.fullmatch(name))), default=0)


def _sides(resolution: int) -> list[int]:
    return [1 << level for level in range(2, resolution.bit_length())]


def _first(side: int) -> str:
    return "4x4/Conv" if side == 4 else f"{side}x{side}/Conv1"


def _fmap_sizes(widths: Mapping[int, int], before: int) -> tuple[int, int]:
    """A base and a limit from which the widths of G's stages follow, and D's stage 0 (`before`) if it fits to them.

    Official ones where they do. A width is the base shifted right by its stage, so the widest that is not cut off at
    the limit tells most of the base. Where none fits, the table of variables tells which do not.
    """
    for stages in ({0: before, **widths}, widths):
        most = max(stages.values())
        stage = min((stage for stage, width in stages.items() if width < most), default=max(stages))
        from_width = stages[stage] << stage, ((stages[stage] + 1) << stage) - 1
        for base in (*_OFFICIAL_BASES, *from_width):
            if all(min(max(base >> number, 1), most) == width for number, width in stages.items()):
                return base, most
    return from_width[0], most


def _group_size(discriminator: OfficialNetwork) -> int:
    size = discriminator.settings.get("mbstd_group_size", _GROUP_SIZES[discriminator.version])
    return size if type(size) is int and size > 0 else _WHOLE_BATCH


def _refuse_others(snapshot: Snapshot) -> None:
    for network in NAMES:
        found: OfficialNetwork = getattr(snapshot, network)
        for name in found.variables:
            for pattern, what in _OTHERS:
                if pattern.match(name):
                    raise Poison(f"{network}/{name} belongs to {what}: only StyleGAN2's configs E and F can be read")
        for name in found.settings.keys() & (_ARITHMETIC.keys() - (_OF_MAPPING if network == "D" else set())):
            if not _same(found.settings[name], _ARITHMETIC[name]):
                raise Poison(f"{network} was built with another {name} than {_ARITHMETIC[name]}, all that ours knows")


def _same(found: Any, expected: Any) -> bool:
    """Equality of plain values; a stranger's nested value is never compared in depth."""
    if isinstance(expected, list):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(expected)
            and all(_same(*pair) for pair in zip(found, expected, strict=True))
        )
    return isinstance(found, bool | int | float | str) and bool(found == expected)
