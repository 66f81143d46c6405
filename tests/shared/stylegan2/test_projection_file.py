import io

import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.errors import BadFile, Misfit
from shared.stylegan2.projection_file import dump_projection, load_projection

TOY = Architecture(8, fmap_max=8, z_size=6, w_size=5)
RNG = np.random.default_rng(1)
W = RNG.standard_normal((4, 5)).astype(np.float32)
NOISES = [RNG.standard_normal((1, side, side, 1)).astype(np.float32) for side in (4, 8, 8)]


def file(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_w_and_noise_come_back() -> None:
    w, noises = load_projection(dump_projection(W, NOISES), TOY)
    np.testing.assert_array_equal(w, W)
    assert noises is not None
    for found, expected in zip(noises, NOISES, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_arrays_have_the_official_shapes() -> None:
    with np.load(io.BytesIO(dump_projection(W, NOISES))) as found:
        assert {name: found[name].shape for name in found.files} == {
            "w": (1, 4, 5),
            "noise0": (1, 1, 4, 4),
            "noise1": (1, 1, 8, 8),
            "noise2": (1, 1, 8, 8),
        }
        np.testing.assert_array_equal(found["noise1"][0, 0], NOISES[1][0, :, :, 0])


def test_an_official_file_has_no_noise() -> None:
    w, noises = load_projection(file(w=W[None]), TOY)
    np.testing.assert_array_equal(w, W)
    assert noises is None


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        (b"no file of arrays", BadFile, "not a file of arrays"),
        (file(v=W), BadFile, "it has no w, but v"),
        (file(w=W[None] * np.nan), BadFile, "no numbers"),
        (file(w=W[None, :, :4]), Misfit, r"w is \(1, 4, 4\) instead of \(1, 4, 5\)"),
        (file(w=W[None], noise0=np.zeros((1, 1, 4, 4), np.float32)), Misfit, "noise1 is missing"),
    ],
)
def test_other_files_are_refused(content: bytes, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        load_projection(content, TOY)
