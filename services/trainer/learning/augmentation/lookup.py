"""Pixels by their places, with a gradient of its own: it stays dense, and can be differentiated any number of times."""

from keras import ops

from shared.stylegan2.backend import Tensor, transposable


def pixels(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the pixels [N, h, w, C] of `pictures` at the places [N, h, w] that `rows` and `columns` broadcast to.

    Both are int32, and inside the pictures [N, H, W, C].
    """
    count, height, width, channels = pictures.shape
    first = ops.reshape(ops.arange(count, dtype="int32") * (height * width), (count, 1, 1))
    places = first + rows * width + columns
    found = _read(ops.reshape(pictures, (-1, channels)), ops.reshape(places, (-1,)))
    return ops.reshape(found, (*places.shape, channels))


def reflected(places: Tensor, size: int) -> Tensor:
    """Bring integers into 0 .. size - 1 by reflection about the outermost pixels, as often as needed."""
    folded = ops.mod(places, 2 * (size - 1))
    return ops.minimum(folded, 2 * (size - 1) - folded)


def _read(values: Tensor, places: Tensor) -> Tensor:
    count = values.shape[0]
    return transposable(
        values, lambda values: ops.take(values, places, axis=0), lambda slopes: _collected(slopes, places, count)
    )


def _collected(values: Tensor, places: Tensor, count: int) -> Tensor:
    """Add up `values` that have the same place."""
    return transposable(
        values, lambda values: ops.segment_sum(values, places, count), lambda slopes: _read(slopes, places)
    )
