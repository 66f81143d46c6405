"""What a person can turn in training, with the values of config F. No TensorFlow."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hyperparameters:
    """The training recipe of the official run_training.py and training/loss.py, config F.

    `gamma` weighs R1 (10: the 1024 px faces; a rule of thumb is 0.0002 * resolution^2 / minibatch, stylegan2-ada),
    `ema_kimg` is the half-life of Gs in thousands of reals, the intervals are steps between regularisations,
    `pl_minibatch_shrink` divides the batch of the path-length term. `mirror` flips reals with probability 1/2.
    """

    minibatch: int = 32
    learning_rate: float = 0.002
    gamma: float = 10.0
    pl_weight: float = 2.0
    pl_decay: float = 0.01
    pl_minibatch_shrink: int = 2
    style_mixing: float = 0.9
    ema_kimg: float = 10.0
    g_interval: int = 4
    d_interval: int = 16
    mirror: bool = False

    @property
    def ema_beta(self) -> float:
        """What Gs keeps of itself in one step."""
        return float(0.5 ** (self.minibatch / (self.ema_kimg * 1000)))

    @property
    def pl_minibatch(self) -> int:
        """Pictures in one path-length step."""
        return max(self.minibatch // self.pl_minibatch_shrink, 1)
