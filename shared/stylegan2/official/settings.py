"""Settings of official networks that do not follow from shapes, and those that our networks do not support."""

import re
from typing import Any

from shared.stylegan2.errors import Misfit
from shared.stylegan2.official.snapshot import NAMES, OfficialNetwork, OfficialSnapshot

_WHOLE_BATCH = 1 << 16
"""Group size of the minibatch deviation where it is the whole batch: more than any batch."""
_GROUP_SIZES = {4: 4, 5: None, 6: None}
"""Group size of each version of D unless its settings say otherwise; None is the whole batch."""
_CMAP_LRMUL = 0.1
"""Learning-rate multiplier of D's mapping of labels unless its settings say otherwise (D_main of stylegan2-ada)."""
_LARGEST = 1e9

_OTHERS = (
    (re.compile(r".*(ToRGB|FromRGB)_lod\d"), "progressive growing (StyleGAN 1, and configs A to C)"),
    (re.compile(r".*(AdaIN|StyleMod|/Noise/)"), "StyleGAN 1 layers"),
    (re.compile(r"D_\w+/"), "a discriminator of several networks"),
    (re.compile(r"G_synthesis/\d+x\d+/Skip/"), "a residual generator"),
)
"""Variables of networks that compute something else, even where all others fit."""

_ARITHMETIC: dict[str, object] = {
    "mapping_lrmul": 0.01,
    "mapping_nonlinearity": "lrelu",
    "normalize_latents": True,
    "nonlinearity": "lrelu",
    "use_noise": True,
    "resample_kernel": [1, 3, 3, 1],
    "use_pagan": False,
    "use_spectral_norm": False,
}
"""Settings that change what a network computes without showing in its shapes: the only values that ours has."""

_OF_MAPPING = {"mapping_lrmul", "mapping_nonlinearity", "normalize_latents"}
"""Settings of the mapping network, which mean nothing to a discriminator."""

_KNOWN = {
    *("num_channels", "resolution", "label_size", "latent_size", "dlatent_size", "mapping_layers", "mapping_fmaps"),
    *("fmap_base", "fmap_max", "mbstd_group_size", "mbstd_num_features", "dlatent_broadcast", "architecture"),
    *("conv_clamp", "label_fmaps", "fmap_decay", "fmap_min"),
    *_ARITHMETIC,
}


def refuse_others(snapshot: OfficialSnapshot) -> None:
    """Raise Misfit, with a variable's or a setting's name, where networks compute something else than ours."""
    for network in NAMES:
        found: OfficialNetwork = getattr(snapshot, network)
        for name in found.variables:
            for pattern, what in _OTHERS:
                if pattern.match(name):
                    raise Misfit(f"{network}/{name} belongs to {what}: only StyleGAN2's configs E and F can be read")
        for name in found.settings.keys() & (_ARITHMETIC.keys() - (_OF_MAPPING if network == "D" else set())):
            if not _same(found.settings[name], _ARITHMETIC[name]):
                raise Misfit(f"{network} was built with another {name} than {_ARITHMETIC[name]}, all that ours knows")


def ignored_settings(snapshot: OfficialSnapshot) -> tuple[str, ...]:
    """Return the names of settings that the file has and that nothing here reads."""
    networks = (snapshot.G, snapshot.D, snapshot.Gs)
    return tuple(sorted({name for network in networks for name in network.settings} - _KNOWN))


def group_size(discriminator: OfficialNetwork) -> int:
    """Return the group size of D's minibatch standard deviation, in pictures."""
    size = discriminator.settings.get("mbstd_group_size", _GROUP_SIZES[discriminator.version])
    return size if type(size) is int and size > 0 else _WHOLE_BATCH


def conv_clamp(snapshot: OfficialSnapshot) -> float | None:
    """Return the largest absolute activation of a convolution. Raises Misfit where the networks have different ones."""
    found = {network: _positive(network, getattr(snapshot, network), "conv_clamp") for network in NAMES}
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{network} {value}" for network, value in found.items())
        raise Misfit(f"its networks have different values of conv_clamp ({listed}), and ours have one")
    return found["D"]


def cmap_lrmul(discriminator: OfficialNetwork) -> float:
    """Return the learning-rate multiplier of D's mapping network of labels."""
    return _positive("D", discriminator, "mapping_lrmul") or _CMAP_LRMUL


def _positive(network: str, found: OfficialNetwork, name: str) -> float | None:
    """Return the setting `name`, a number above 0, or None if it is not given. Raises Misfit for anything else."""
    value = found.settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LARGEST:
        raise Misfit(f"{network} was built with a {name} that is no number above 0")
    return float(value)


def _same(found: Any, expected: Any) -> bool:
    """Return whether two plain values are equal; a nested value of the file is never compared in depth."""
    if isinstance(expected, list):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(expected)
            and all(_same(*pair) for pair in zip(found, expected, strict=True))
        )
    return isinstance(found, bool | int | float | str) and bool(found == expected)
