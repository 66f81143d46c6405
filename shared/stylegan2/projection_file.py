"""Projected pictures as files: `projected.npz`, which holds `w` and the noise maps. No TensorFlow."""

import numpy as np

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.arrays import Arrays, pack, unpack
from shared.stylegan2.errors import BadFile, Misfit
from shared.stylegan2.weights import Array


def dump_projection(w: Array, noises: list[Array]) -> bytes:
    """Write w [num_ws, w_size] and noise maps [1, H, W, 1] as a .npz file.

    There w is [1, num_ws, w_size], as in the official projected_w.npz, and noise0 and on are [1, 1, H, W], as the
    network's own variables.
    """
    return pack({"w": w[None]} | {f"noise{index}": noise[..., 0][None] for index, noise in enumerate(noises)})


def load_projection(content: bytes, architecture: Architecture) -> tuple[Array, list[Array] | None]:
    """Read w [num_ws, w_size] and noise maps [1, H, W, 1]; None where the file, an official one, has no noise.

    Raises BadFile where it is no such file, Misfit where it is of a network of another architecture.
    """
    arrays = unpack(content)
    names = [f"noise{index}" for index in range(architecture.num_noises)]
    if "w" not in arrays:
        raise BadFile(f"not a projected picture: it has no w, but {', '.join(arrays) or 'nothing'}")
    expected: dict[str, tuple[int, ...]] = {"w": (1, architecture.num_ws, architecture.w_size)}
    if any(name.startswith("noise") for name in arrays):
        sides = map(architecture.noise_side, range(architecture.num_noises))
        expected |= {name: (1, 1, side, side) for name, side in zip(names, sides, strict=True)}
    _check(arrays, expected)
    found = {name: arrays[name].astype(np.float32) for name in expected}
    return found["w"][0], [found[name][0][..., None] for name in names] if len(expected) > 1 else None


def _check(arrays: Arrays, expected: dict[str, tuple[int, ...]]) -> None:
    for name, shape in expected.items():
        found = arrays[name].shape if name in arrays else "missing"
        if found != shape:
            raise Misfit(f"projected with a network of another architecture: {name} is {found} instead of {shape}")
        if not np.isfinite(arrays[name].astype(np.float64)).all():
            raise BadFile(f"not a projected picture: {name} has values that are no numbers")
