"""Small matrices, one per picture: [N, k, k]."""

from collections.abc import Sequence

from keras import ops

from shared.stylegan2.backend import Tensor


def matrices(count: int, rows: Sequence[Sequence[Tensor | float]]) -> Tensor:
    """Return matrices [count, k, k] of the entries in `rows`, each [count] or one number for all."""
    entries = [ops.broadcast_to(ops.convert_to_tensor(entry, "float32"), (count,)) for row in rows for entry in row]
    return ops.reshape(ops.stack(entries, axis=1), (count, len(rows), len(rows)))


def product(a: Tensor, b: Tensor) -> Tensor:
    """Return a @ b. Not by `matmul`: a GPU would round to the 10 bits of TF32, a quarter of a pixel at 512 px."""
    return ops.sum(a[:, :, :, None] * b[:, None, :, :], axis=2)


def are_identities(a: Tensor) -> Tensor:
    """Return whether each matrix is exactly the identity: [N]."""
    return ops.all(ops.equal(a, ops.eye(a.shape[1])), axis=(1, 2))
