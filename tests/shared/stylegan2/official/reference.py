"""The official arithmetic once more, in numpy, NCHW and double precision: slow, and written from the papers' formulas.

Up- and downsampling are done as upfirdn does them (insert zeros, pad, correlate, drop), and modulation as weights per
sample, so nothing is shared with the networks under test.
"""

import numpy as np
import numpy.typing as npt

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Weights

Values = npt.NDArray[np.float64]
FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


class Reference:
    """Networks of an architecture; `clamp` as stylegan2-ada's fused_bias_act has it."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture

    def pictures(self, weights: Weights, z: npt.ArrayLike, labels: npt.ArrayLike, psi: float = 1.0) -> Values:
        """Pictures [N, C, R, R] with the stored noise."""
        w = self.w(weights, np.asarray(z, float), np.asarray(labels, float))
        w = weights["dlatent_avg"] + psi * (w - weights["dlatent_avg"])
        x = np.repeat(weights["G_synthesis/4x4/Const/const"].astype(float), len(w), axis=0)
        picture, slot = 0.0, 0
        for side in self.architecture.sides:
            scope = f"G_synthesis/{side}x{side}"
            for name in ("Conv",) if side == 4 else ("Conv0_up", "Conv1"):
                x = self._modulated(weights, f"{scope}/{name}", x, w)
                x += weights[f"G_synthesis/noise{slot}"] * weights[f"{scope}/{name}/noise_strength"]
                x = self._active(weights, f"{scope}/{name}", x)
                slot += 1
            skipped = 0.0 if side == 4 else resampled(picture, up=2, before=2, after=1, gain=4)
            rgb = self._modulated(weights, f"{scope}/ToRGB", x, w) + weights[f"{scope}/ToRGB/bias"][:, None, None]
            picture = skipped + self._clamped(rgb)
        return picture

    def w(self, weights: Weights, z: Values, labels: Values) -> Values:
        """w [N, w_size]."""
        if "G_mapping/LabelConcat/weight" in weights:
            x = unit(np.concatenate([z, labels @ weights["G_mapping/LabelConcat/weight"]], axis=1))
        elif "G_mapping/LabelEmbed/weight" in weights:
            x = np.concatenate([unit(z), unit(dense(weights, "G_mapping/LabelEmbed", labels))], axis=1)
        else:
            x = unit(z)
        for layer in range(self.architecture.mapping_layers):
            x = lrelu(dense(weights, f"G_mapping/Dense{layer}", x, 0.01))
        return x

    def scores(self, weights: Weights, pictures: npt.ArrayLike, labels: npt.ArrayLike) -> Values:
        """Scores [N] of pictures [N, C, R, R]."""
        top = self.architecture.resolution
        x = self._active(
            weights,
            f"{top}x{top}/FromRGB",
            convolved(np.asarray(pictures, float), scaled(weights, f"{top}x{top}/FromRGB")),
        )
        for side in reversed(self.architecture.sides[1:]):
            scope = f"{side}x{side}"
            skip = convolved(resampled(x, down=2, before=1, after=1), scaled(weights, f"{scope}/Skip"))
            x = self._active(weights, f"{scope}/Conv0", convolved(x, scaled(weights, f"{scope}/Conv0"), pad=1))
            down = convolved(resampled(x, before=2, after=2), scaled(weights, f"{scope}/Conv1_down"))[:, :, ::2, ::2]
            x = (self._active(weights, f"{scope}/Conv1_down", down) + skip) / np.sqrt(2)
        x = self._active(weights, "4x4/Conv", convolved(self._with_deviation(x), scaled(weights, "4x4/Conv"), pad=1))
        x = dense(weights, "Output", lrelu(dense(weights, "4x4/Dense0", x.reshape(len(x), -1))))
        return (x * self._label_weights(weights, np.asarray(labels, float))).sum(axis=1)

    def _label_weights(self, weights: Weights, labels: Values) -> Values:
        if not self.architecture.label_size:
            return np.ones((len(labels), 1))
        if "LabelEmbed/weight" not in weights:
            return labels
        y = unit(dense(weights, "LabelEmbed", labels))
        for layer in range(self.architecture.cmap_layers):
            y = lrelu(dense(weights, f"Mapping{layer}", y, self.architecture.cmap_lrmul))
        return y / np.sqrt(self.architecture.cmap_fmaps)

    def _with_deviation(self, x: Values) -> Values:
        group, features = min(self.architecture.mbstd_group_size, len(x)), self.architecture.mbstd_num_features
        y = x.reshape(group, -1, features, x.shape[1] // features, 4, 4)
        y = np.sqrt(y.var(axis=0) + 1e-8).mean(axis=(2, 3, 4))
        return np.concatenate(
            [x, np.broadcast_to(np.tile(y, (group, 1))[:, :, None, None], (len(x), features, 4, 4))], axis=1
        )

    def _modulated(self, weights: Weights, scope: str, x: Values, w: Values) -> Values:
        style = (
            dense(
                {f"{scope}/weight": weights[f"{scope}/mod_weight"], f"{scope}/bias": weights[f"{scope}/mod_bias"]},
                scope,
                w,
            )
            + 1
        )
        outputs = []
        for sample, factors in zip(x, style, strict=True):
            weight = scaled(weights, scope) * factors[:, None]
            if not scope.endswith("ToRGB"):
                weight = weight / np.sqrt((weight**2).sum(axis=(0, 1, 2)) + 1e-8)
            if scope.endswith("_up"):
                spread = convolved(zeros_between(sample[None])[:, :, :-1, :-1], weight, pad=2)
                outputs.append(resampled(spread, before=1, after=1, gain=4))
            else:
                outputs.append(convolved(sample[None], weight, pad=len(weight) // 2))
        return np.concatenate(outputs)

    def _active(self, variables: Weights, scope: str, x: Values) -> Values:
        return self._clamped(lrelu(x + variables[f"{scope}/bias"][:, None, None]))

    def _clamped(self, x: Values) -> Values:
        most = self.architecture.conv_clamp
        return x if most is None else x.clip(-most, most)


def unit(x: Values) -> Values:
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-8)


def lrelu(x: Values) -> Values:
    return np.where(x < 0, 0.2 * x, x) * np.sqrt(2)


def scaled(variables: Weights, scope: str) -> Values:
    weight = variables[f"{scope}/weight"].astype(float)
    return weight / np.sqrt(weight[..., 0].size)


def dense(variables: Weights, scope: str, x: Values, lrmul: float = 1.0) -> Values:
    return x @ scaled(variables, scope) * lrmul + variables[f"{scope}/bias"].astype(float) * lrmul


def convolved(x: Values, weight: Values, pad: int = 0) -> Values:
    """Correlation of [N, I, H, W] with [k, k, I, O] after padding."""
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[:2], axis=(2, 3))
    return np.einsum("nihwkl,klio->nohw", windows, weight)


def zeros_between(x: Values) -> Values:
    spread = np.zeros((*x.shape[:2], x.shape[2] * 2, x.shape[3] * 2))
    spread[:, :, ::2, ::2] = x
    return spread


def resampled(x: Values, *, up: int = 1, down: int = 1, before: int, after: int, gain: float = 1.0) -> Values:
    """upfirdn with the official filter."""
    spread = zeros_between(x) if up == 2 else x
    padded = np.pad(spread, [(0, 0), (0, 0), (before, after), (before, after)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, FILTER.shape, axis=(2, 3))
    return np.einsum("nchwkl,kl->nchw", windows, FILTER * gain)[:, :, ::down, ::down]
