"""Hyperparameters of training: as a recipe states them, and with every number decided."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.recipe.section import Section

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

    AUTO = "auto"
    """BFLOAT16 on GPUs that have it; decided before training begins."""
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class Learning(Section):
    """Hyperparameters as a recipe states them, with their ranges; the defaults are for a few hundred pictures.

    `shared.recipe.training.Training.resolved` replaces None by a number that depends on other settings.
    """

    minibatch: int | None = Field(
        16, ge=1, description="pictures per step, over all GPUs; null: 4096 / size, at most 32, as stylegan2-ada"
    )
    minibatch_gpu: int | Literal["auto"] | None = Field(
        None,
        description=(
            "pictures that a GPU computes at once, accumulating gradients if its share of the minibatch is "
            "larger; null: its whole share, auto: as many as its memory allows"
        ),
    )
    learning_rate: float | None = Field(
        0.002,
        gt=0,
        description="learning rate of Adam for G and D; null: 0.0025 below 1024 px, else 0.002, as stylegan2-ada",
    )
    r1_gamma: float | None = Field(
        None,
        ge=0,
        description=(
            "weight of the R1 penalty, which keeps D smooth; null: 0.0002 * size^2 / minibatch, as stylegan2-ada"
        ),
    )
    path_length_weight: float = Field(2.0, ge=0, description="weight of G's path length regularisation; 0: none")
    g_interval: int = Field(
        4,
        ge=1,
        description=(
            "steps between two path length regularisations of G (lazy regularisation: their weight is "
            "multiplied by this)"
        ),
    )
    d_interval: int = Field(
        16,
        ge=1,
        description="steps between two R1 penalties of D (lazy regularisation: their weight is multiplied by this)",
    )
    d_repeats: int = Field(1, ge=1, le=16, description="1 to 16: updates of D in each step, per update of G")
    style_mixing: float = Field(
        0.9,
        ge=0,
        le=1,
        description="0 to 1: share of the drawn pictures whose finer layers have the w of a second z (style mixing)",
    )
    mirror: bool = Field(
        True,
        description="true: each picture is shown mirrored half of the time; false for a character that is asymmetrical",
    )
    freeze_d: int | None = Field(
        None,
        ge=0,
        description=(
            "Freeze-D: number of D's layers, from the picture on, that do not learn; null: 0, with `start_from`"
            " all layers above 64 px"
        ),
    )
    augmentation: Augmentation = Field(
        Augmentation.ADA,
        description=(
            "none, ada (strength follows D's overfitting), fixed (strength is augment_p) or diffaugment: of all"
            " pictures that D sees"
        ),
    )
    augment_pipe: Literal[
        "blit", "geom", "color", "filter", "noise", "cutout", "bg", "bgc", "bgcf", "bgcfn", "bgcfnc"
    ] = Field(
        "bgc",
        description=(
            "operators of ada and fixed, in groups: blit (b), geom (g), color (c), filter (f), noise (n), "
            "cutout (c); bgc is stylegan2-ada's choice"
        ),
    )
    augment_p: float = Field(
        0.0,
        ge=0,
        le=1,
        description="0 to 1: probability of each operator of fixed; with ada the probability at the start",
    )
    ada_target: float = Field(
        0.6,
        gt=0,
        lt=1,
        description=(
            "0 to 1: ada raises p while the mean sign of D's scores of real pictures is above this, and lowers it below"
        ),
    )
    ada_kimg: float | None = Field(
        None,
        gt=0,
        description=(
            "kimg in which ada can raise p from 0 to 1; null: 500 as stylegan2-ada, with `start_from` 100, as D"
            " overfits few pictures at once"
        ),
    )
    bcr_weight: float = Field(
        0.0,
        ge=0,
        description=(
            "weight of balanced consistency regularisation (bCR), in which D has to score a picture and its "
            "augmented copy alike; 0: none, 10 is usual"
        ),
    )
    ema_kimg: float | None = Field(
        5.0,
        gt=0,
        description=(
            "half-life in kimg of Gs, the moving average of G's weights; null: 10 * minibatch / 32, as stylegan2-ada"
        ),
    )
    ema_rampup: float | None = Field(
        None,
        ge=0,
        description=(
            "early in training Gs's half-life is at most this share of the kimg so far, so that it forgets the "
            "random weights; 0: no such limit; null: 0.05, with `start_from` 0"
        ),
    )


class Hyperparameters(Learning):
    """Hyperparameters with a number for each that depends on others. The defaults are those of the official config F.

    With `minibatch_gpu` None a device takes its whole share of a minibatch at once; with a number, it accumulates the
    gradients of parts of that size. `auto`, in `minibatch_gpu` and in `precision`, must be replaced by what the machine
    can do before training begins. A recipe cannot set `pl_decay`, the decay of the mean path length, and
    `pl_minibatch_shrink`, by which the minibatch is divided for the path length.
    """

    minibatch: int = 32
    learning_rate: float = 0.002
    r1_gamma: float = 10.0
    mirror: bool = False
    freeze_d: int = 0
    augmentation: Augmentation = Augmentation.NONE
    ada_kimg: float = 500.0
    ema_kimg: float = 10.0
    ema_rampup: float = 0.0
    precision: Precision = Precision.FLOAT32
    pl_decay: float = Field(0.01, exclude=True)
    pl_minibatch_shrink: int = Field(2, exclude=True)

    def ema_beta(self, images: int) -> float:
        """Return the share of itself that Gs keeps in one step after `images` reals."""
        half_life = self.ema_kimg * 1000
        if self.ema_rampup:
            half_life = min(half_life, images * self.ema_rampup)
        return float(0.5 ** (self.minibatch / max(half_life, 1e-8)))

    def accumulation(self, devices: int = 1) -> int:
        """Count the parts of a minibatch that each device takes in turn. Raises ValueError if they are not equal."""
        if self.minibatch_gpu == "auto":
            raise ValueError("minibatch_gpu is `auto`: training begins with a number of pictures, or None")
        parts, rest = divmod(self.minibatch, devices * (self.minibatch_gpu or max(self.minibatch // devices, 1)))
        if rest or not parts:
            raise ValueError(
                f"a minibatch of {self.minibatch} cannot be split among {devices} devices in parts of "
                f"{self.minibatch_gpu or self.minibatch // devices}"
            )
        return parts
