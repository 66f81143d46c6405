import numpy as np
import pytest
from keras import ops

from shared.stylegan2 import fir
from shared.stylegan2.backend import ON_JAX, Tensor, gradient

PICTURE = np.random.default_rng(1).standard_normal((2, 6, 8, 3)).astype(np.float32)
KERNEL = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def upfirdn(x: np.ndarray, up: int, pads: tuple[int, int], down: int) -> np.ndarray:
    """The definition: zeros after each pixel, padding, correlation, every `down`-th pixel."""
    count, height, width, channels = x.shape
    spread = np.zeros((count, height * up, width * up, channels))
    spread[:, ::up, ::up] = x
    padded = np.pad(spread, [(0, 0), pads, pads, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), axis=(1, 2))
    return np.einsum("nhwcij,ij->nhwc", windows, KERNEL)[:, ::down, ::down]


@pytest.mark.parametrize("pad", [1, 2])
def test_blur_is_upfirdn_with_equal_pads(pad):
    np.testing.assert_allclose(fir.blur(PICTURE, pad), upfirdn(PICTURE, 1, (pad, pad), 1), atol=1e-6)


def test_downsample_is_upfirdn_by_two():
    np.testing.assert_allclose(fir.downsample(PICTURE), upfirdn(PICTURE, 1, (1, 1), 2), atol=1e-6)


def test_upsample_is_upfirdn_by_two_with_gain_four():
    np.testing.assert_allclose(fir.upsample(PICTURE), 4 * upfirdn(PICTURE, 2, (2, 1), 1), atol=1e-6)


@pytest.mark.skipif(ON_JAX, reason="one of the ways is TensorFlow's")
@pytest.mark.parametrize("stride", [1, 2])
def test_both_ways_are_the_same_filter(stride):
    padded = np.pad(PICTURE, [(0, 0), (1, 1), (1, 1), (0, 0)])
    np.testing.assert_allclose(fir.by_depthwise(PICTURE, stride, 1), fir.by_shifting(padded, stride), atol=1e-6)


@pytest.mark.parametrize(
    "operation", [lambda x: fir.blur(x, 1), lambda x: fir.blur(x, 2), fir.downsample, fir.upsample]
)
def test_the_gradient_is_the_transpose_and_so_is_its_gradient(operation):
    x = ops.convert_to_tensor(PICTURE)
    probe = np.random.default_rng(2).standard_normal(operation(x).shape).astype(np.float32)

    def again(probe: Tensor) -> Tensor:
        # The filter is linear: <slope, x> is the total again, and its derivative by the probe the filtered picture.
        return ops.sum(gradient(lambda x: ops.sum(operation(x) * probe), x) * x)

    probe = ops.convert_to_tensor(probe)
    np.testing.assert_allclose(again(probe), ops.sum(operation(x) * probe), rtol=1e-4)
    np.testing.assert_allclose(gradient(again, probe), operation(x), atol=1e-5)
