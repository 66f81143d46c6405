"""PyTorch's names and layouts of variables, and those of TensorFlow's networks, which are ours."""

import re
from collections.abc import Callable

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.objects import Values

_Change = Callable[[Values], Values]


def _same(value: Values) -> Values:
    return value


def _kernel(value: Values) -> Values:
    """Transpose a kernel from OIHW to HWIO."""
    return value.transpose(2, 3, 1, 0)


def _flipped_kernel(value: Values) -> Values:
    """Transpose a kernel and flip it: PyTorch's upsampling convolves where TensorFlow's correlates."""
    return _kernel(value)[::-1, ::-1]


def _matrix(value: Values) -> Values:
    """Transpose a matrix from out-by-in to in-by-out."""
    return value.transpose()


def _style_bias(value: Values) -> Values:
    """Subtract 1: PyTorch's bias starts at 1; TensorFlow's starts at 0, and 1 is added at run time."""
    return value - value.dtype.type(1)


_LAYER = r"synthesis\.b(?P<side>\d+)\.(?P<layer>conv0|conv1|torgb)"

_GENERATOR: tuple[tuple[str, str, int, _Change], ...] = (
    (r"mapping\.w_avg", "dlatent_avg", 1, _same),
    (r"mapping\.embed\.weight", "G_mapping/LabelEmbed/weight", 2, _matrix),
    (r"mapping\.embed\.bias", "G_mapping/LabelEmbed/bias", 1, _same),
    (r"mapping\.fc(?P<index>\d+)\.weight", "G_mapping/Dense{index}/weight", 2, _matrix),
    (r"mapping\.fc(?P<index>\d+)\.bias", "G_mapping/Dense{index}/bias", 1, _same),
    (r"synthesis\.b4\.const", "G_synthesis/4x4/Const/const", 3, lambda value: value[None]),
    (r"synthesis\.b(?P<side>\d+)\.(?P<layer>conv0)\.weight", "{scope}/weight", 4, _flipped_kernel),
    (_LAYER + r"\.weight", "{scope}/weight", 4, _kernel),
    (_LAYER + r"\.bias", "{scope}/bias", 1, _same),
    (_LAYER + r"\.affine\.weight", "{scope}/mod_weight", 2, _matrix),
    (_LAYER + r"\.affine\.bias", "{scope}/mod_bias", 1, _style_bias),
    (_LAYER + r"\.noise_strength", "{scope}/noise_strength", 0, _same),
    (_LAYER + r"\.noise_const", "{noise}", 2, lambda value: value[None, None]),
)

_DISCRIMINATOR: tuple[tuple[str, str, int, _Change], ...] = (
    (r"mapping\.embed\.weight", "LabelEmbed/weight", 2, _matrix),
    (r"mapping\.embed\.bias", "LabelEmbed/bias", 1, _same),
    (r"mapping\.fc(?P<index>\d+)\.weight", "Mapping{index}/weight", 2, _matrix),
    (r"mapping\.fc(?P<index>\d+)\.bias", "Mapping{index}/bias", 1, _same),
    (r"b4\.conv\.weight", "4x4/Conv/weight", 4, _kernel),
    (r"b4\.conv\.bias", "4x4/Conv/bias", 1, _same),
    (r"b4\.fc\.weight", "4x4/Dense0/weight", 2, _matrix),
    (r"b4\.fc\.bias", "4x4/Dense0/bias", 1, _same),
    (r"b4\.out\.weight", "Output/weight", 2, _matrix),
    (r"b4\.out\.bias", "Output/bias", 1, _same),
    (r"b(?P<side>\d+)\.(?P<layer>fromrgb|conv0|conv1|skip)\.weight", "{scope}/weight", 4, _kernel),
    (r"b(?P<side>\d+)\.(?P<layer>fromrgb|conv0|conv1|skip)\.bias", "{scope}/bias", 1, _same),
)
"""Pattern of a PyTorch name, name in TensorFlow, number of axes, and conversion of the numbers."""

_TABLES = {"G": _GENERATOR, "D": _DISCRIMINATOR}
_LAYERS = {
    "G": {"conv0": "Conv0_up", "conv1": "Conv1", "torgb": "ToRGB"},
    "D": {"fromrgb": "FromRGB", "conv0": "Conv0", "conv1": "Conv1_down", "skip": "Skip"},
}
_LONGEST_NUMBER = 5


def renamed(network: str, path: str, value: Values) -> tuple[str, Values]:
    """Return TensorFlow's name and numbers of a variable of G or D; both unchanged where TensorFlow has none.

    Raises BadFile where it has another number of axes.
    """
    for pattern, name, axes, change in _TABLES[network]:
        found = re.fullmatch(pattern, path)
        if found:
            if value.ndim != axes:
                raise BadFile(f"{network}.{path} has {value.ndim} axes instead of {axes}")
            return _filled(network, name, found.groupdict()), change(value)
    return path, value


def _filled(network: str, name: str, parts: dict[str, str]) -> str:
    if len(parts.get("side", "")) > _LONGEST_NUMBER:
        raise BadFile(f"{network} has a block of a resolution that none has")
    side, layer = int(parts.get("side", 0)), parts.get("layer", "")
    prefix = "G_synthesis/" if network == "G" else ""
    # The only convolution at 4x4 is a conv1 to PyTorch.
    kind = "Conv" if (network, side, layer) == ("G", 4, "conv1") else _LAYERS[network].get(layer, "")
    noise = f"G_synthesis/noise{2 * (side.bit_length() - 1) - (5 if layer == 'conv0' else 4)}"
    return name.format(scope=f"{prefix}{side}x{side}/{kind}", noise=noise, index=parts.get("index", ""))
