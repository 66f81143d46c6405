"""What a person can turn in training, with the values of config F. No TensorFlow."""

from dataclasses import dataclass
from enum import StrEnum

ADA_INTERVAL = 4
"""Steps between two adjustments of p (stylegan2-ada, training_loop.py)."""


class Augmentation(StrEnum):
    """Augmentations of the pictures that D sees, reals and fakes alike."""

    NONE = "none"
    ADA = "ada"
    """Karras et al. 2020b: each operator with probability p, which follows how much D overfits."""
    FIXED = "fixed"
    """The operators of ADA with a p that stays."""
    DIFFAUGMENT = "diffaugment"
    """Zhao et al. 2020a: colour, translation and cutout of every picture."""


class Precision(StrEnum):
    """Precision of the convolutions; all else is float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True)
class Hyperparameters:
    """The training recipe of the official run_training.py and training/loss.py, config F.

    `minibatch_gpu` is how many pictures of a minibatch one device takes at once, None for all: gradients are
    accumulated over the parts. `gamma` weighs R1 (10: the 1024 px faces), `ema_kimg` is the half-life of Gs in
    thousands of reals; with `ema_rampup` it is at most that part of the reals shown so far. The intervals are steps
    between regularisations. `pl_minibatch_shrink` divides the batch of the path-length term, which `pl_weight` 0
    leaves out. `d_repeats` are updates of D in each step, each with reals of its own; `freeze_d` is how many layers of
    D do not learn, from the pictures on. `mirror` flips reals with probability 1/2.

    `augment_p` is where p begins, `ada_target` what the mean sign of D's scores of reals is kept at, `ada_kimg` how
    many thousand reals p takes from 0 to 1. `augment_pipe` are the official letters of the operators. `bcr_weight` is
    that of bCR for reals and for fakes, 10 where it is used (Zhao et al. 2020b).
    """

    minibatch: int = 32
    minibatch_gpu: int | None = None
    learning_rate: float = 0.002
    gamma: float = 10.0
    pl_weight: float = 2.0
    pl_decay: float = 0.01
    pl_minibatch_shrink: int = 2
    style_mixing: float = 0.9
    ema_kimg: float = 10.0
    ema_rampup: float | None = None
    g_interval: int = 4
    d_interval: int = 16
    d_repeats: int = 1
    freeze_d: int = 0
    mirror: bool = False
    augmentation: Augmentation = Augmentation.NONE
    augment_pipe: str = "bgc"
    augment_p: float = 0.0
    ada_target: float = 0.6
    ada_kimg: float = 500.0
    bcr_weight: float = 0.0
    precision: Precision = Precision.FLOAT32

    def ema_beta(self, images: int) -> float:
        """Return the share of itself that Gs keeps in one step after `images` reals."""
        half_life = self.ema_kimg * 1000
        if self.ema_rampup is not None:
            half_life = min(half_life, images * self.ema_rampup)
        return float(0.5 ** (self.minibatch / max(half_life, 1e-8)))

    def accumulation(self, devices: int = 1) -> int:
        """Count the parts of a minibatch that each device takes in turn. Raises ValueError if they are not equal."""
        parts, rest = divmod(self.minibatch, devices * (self.minibatch_gpu or max(self.minibatch // devices, 1)))
        if rest or not parts:
            raise ValueError(
                f"a minibatch of {self.minibatch} cannot be split among {devices} devices in parts of "
                f"{self.minibatch_gpu or self.minibatch // devices}"
            )
        return parts
