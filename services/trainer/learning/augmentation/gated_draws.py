"""The parameters of an operator, drawn for every picture of a batch."""

from dataclasses import dataclass

from keras import ops

from services.trainer.learning import draws
from shared.stylegan2.backend import Tensor


@dataclass(frozen=True)
class GatedDraws:
    """Draws for `count` pictures, each 0 with probability 1 - `p`: every parameter is such that 0 changes nothing.

    Shapes are [count, *more]; a picture either has all of `more` or none.
    """

    source: draws.RandomSource
    p: Tensor | float
    count: int

    def uniform(self, low: float, high: float, *more: int) -> Tensor:
        """Draw numbers from `low` to `high`."""
        return self._gated(low + (high - low) * self.source.uniform((self.count, *more)))

    def integer(self, stop: int) -> Tensor:
        """Draw integers (float32) from 0 to `stop` - 1; 0 is one of them, as officially: a flip has p / 2."""
        return self._gated(ops.floor(stop * self.source.uniform((self.count,))))

    def normal(self, deviation: float, *more: int) -> Tensor:
        """Draw from N(0, deviation)."""
        return self._gated(deviation * self.source.normal((self.count, *more)))

    def constant(self, value: float) -> Tensor:
        """Return `value` for each picture with probability `p`, else 0."""
        return self._gated(ops.full((self.count,), value))

    def _gated(self, drawn: Tensor) -> Tensor:
        happens = draws.happens(self.source, self.p, (self.count,))
        return ops.where(ops.reshape(happens, (self.count,) + (1,) * (len(drawn.shape) - 1)), drawn, 0.0)
