"""The recipe's section on training, with presets that people know.

Where a number depends on others, the field is None until `Training.resolved` has worked it out.
"""

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from shared.models.catalogue import Purpose
from shared.recipe.hyperparameters import Augmentation, Hyperparameters, Learning, Precision
from shared.recipe.models import by_name, present_or_named
from shared.recipe.section import Section, StoredFile

_FROZEN_DOWN_TO = 64
"""Pixels: `character` freezes D's layers above, which know lines and colours; 10 of them at 512 px."""


class Preset(StrEnum):
    """Sets of defaults for the fields of training, by name."""

    CHARACTER = "character"
    STYLEGAN2 = "stylegan2"
    ADA = "ada"
    PAPER256 = "paper256"
    PAPER512 = "paper512"


class Schedule(Section):
    """Length of a training, what it starts from and how often it reports."""

    preset: Preset = Field(
        Preset.CHARACTER,
        description=(
            "character, stylegan2, ada, paper256 or paper512: defaults of the fields below, which TRAINING.md "
            "of the trainer lists"
        ),
    )
    kimg: float = Field(
        60.0,
        ge=0,
        description=(
            "length of the training in kimg (thousands of real pictures shown to D, with repetitions); 0: do not train"
        ),
    )
    leg_kimg: float = Field(
        2.0,
        gt=0,
        description=(
            "kimg between two snapshots: networks, grids of pictures, statistics. A training that is "
            "interrupted loses at most one leg"
        ),
    )
    tick_kimg: float = Field(
        0.5, gt=0, description="kimg between two lines of statistics (losses, scores, p of ada, seconds per kimg)"
    )
    start_from: StoredFile | Path | None = Field(
        None,
        description=(
            "a network to fine-tune: name of a model (`magritte models`), network.npz of a snapshot, or a "
            ".safetensors file that `magritte weights import` has made of an official .pkl; null: random weights"
        ),
    )
    resume_kimg: float = Field(
        0.0,
        ge=0,
        description=(
            "kimg that the network in `start_from` was trained for: added to the kimg in reports and charts, "
            "without effect on the training"
        ),
    )

    @field_validator("start_from", mode="before")
    @classmethod
    def _network_by_name(cls, network: Any, info: ValidationInfo) -> Any:
        return by_name(network, Purpose.NETWORK, info)

    @field_validator("start_from")
    @classmethod
    def _network_is_there(cls, network: StoredFile | Path | None, info: ValidationInfo) -> StoredFile | Path | None:
        return present_or_named(network, Purpose.NETWORK, info) if isinstance(network, Path) else network


class Sizes(Section):
    """Sizes of the networks, without effect with `start_from`, whose networks keep theirs."""

    fmap_base: int | None = Field(
        16384,
        ge=16,
        description=(
            "feature maps of the layers at a side of s pixels: 2 * fmap_base / s, at most fmap_max; null: 8192 "
            "below 512 px, else 16384, as stylegan2-ada"
        ),
    )
    fmap_max: int = Field(512, ge=4, description="most feature maps of a layer")
    latent_size: int = Field(512, ge=4, description="components of z and of w; also the width of the mapping network")
    mapping_layers: int = Field(
        8,
        ge=1,
        le=16,
        description=(
            "1 to 16: fully connected layers of the mapping network; StyleGAN2 has 8, stylegan2-ada 2 for some presets"
        ),
    )
    mbstd_group: int = Field(
        4, ge=1, le=64, description="pictures in a group of D's minibatch standard deviation; at most the minibatch"
    )


class Training(Sizes, Learning, Schedule):
    """Training of a StyleGAN2 of configuration F. The defaults suit a few hundred pictures of a character."""

    precision: Precision = Field(
        Precision.AUTO,
        description=(
            "auto, float32 or bfloat16: number format of the convolutions; auto is bfloat16 on GPUs that have it"
        ),
    )
    held_out: float = Field(
        0.05,
        ge=0,
        le=0.5,
        description=(
            "0 to 0.5: share of the pictures that are never trained on; D's scores of them show how far it overfits"
        ),
    )
    quality_pictures: int = Field(
        200,
        ge=0,
        le=50_000,
        description=(
            "pictures drawn at each snapshot to measure them against the training pictures (sliced Wasserstein "
            "distance, share of memorised pictures); 0: none"
        ),
    )
    seed: int = Field(
        1000,
        ge=0,
        lt=2**31,
        description="seed of all random numbers: weights, order of the pictures, latents, augmentations",
    )

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        """Put a preset's values under those that are given; what is wrong with either is found afterwards."""
        name = given.get("preset") if isinstance(given, dict) else None
        return {**PRESETS.get(str(name), {}), **given} if name is not None else given

    @field_validator("minibatch_gpu")
    @classmethod
    def _divides_the_minibatch(cls, size: int | str | None, info: ValidationInfo) -> int | str | None:
        minibatch = info.data.get("minibatch")
        if isinstance(size, int) and (size < 1 or (minibatch and minibatch % size)):
            raise ValueError(f"must divide minibatch, which is {minibatch}, into whole parts")
        return size

    def resolved(self, resolution: int) -> "ResolvedTraining":
        """Return the settings with numbers in place of all that depends on others, for pictures of side `resolution`.

        The rules are those of stylegan2-ada's train.py for one GPU, but for `freeze_d`.
        """
        minibatch = self.minibatch or max(min(4096 // resolution, 32), 1)
        goes_on = self.start_from is not None
        found: dict[str, Any] = {
            "minibatch": minibatch,
            "learning_rate": 0.002 if resolution >= 1024 else 0.0025,
            "r1_gamma": 0.0002 * resolution**2 / minibatch,
            "freeze_d": _layers_above(_FROZEN_DOWN_TO, resolution) if goes_on else 0,
            "ada_kimg": 100.0 if goes_on else 500.0,
            "ema_kimg": minibatch * 10 / 32,
            "ema_rampup": 0.0 if goes_on else 0.05,
            "fmap_base": 16384 if resolution >= 512 else 8192,
        }
        missing = {name: value for name, value in found.items() if getattr(self, name) is None}
        return ResolvedTraining.model_construct(**dict(self) | missing)


class ResolvedTraining(Hyperparameters, Training):
    """A training's settings without anything left to work out. Made by `Training.resolved` only."""

    fmap_base: int


_ADA: dict[str, Any] = {"mirror": False, "freeze_d": 0, "augmentation": Augmentation.ADA}
_PAPER: dict[str, Any] = _ADA | {
    "minibatch": 64,
    "learning_rate": 0.0025,
    "ema_kimg": 20.0,
    "ema_rampup": 0.0,
    "mbstd_group": 8,
}

PRESETS: dict[str, dict[str, Any]] = {
    Preset.CHARACTER: {},
    Preset.STYLEGAN2: {
        "minibatch": 32,
        "learning_rate": 0.002,
        "r1_gamma": 10.0,
        "ema_kimg": 10.0,
        "ema_rampup": 0.0,
        "mirror": False,
        "freeze_d": 0,
        "augmentation": Augmentation.NONE,
    },
    Preset.ADA: _ADA
    | {"minibatch": None, "learning_rate": None, "ema_kimg": None, "fmap_base": None, "mapping_layers": 2},
    Preset.PAPER256: _PAPER | {"r1_gamma": 1.0, "fmap_base": 8192},
    Preset.PAPER512: _PAPER | {"r1_gamma": 0.5, "fmap_base": 16384},
}
"""Values of each preset that differ from the fields' defaults, which are `character`.

`stylegan2` is run_training.py's of NVlabs/stylegan2, the others are stylegan2-ada's `auto`, `paper256` and `paper512`.
`character` is meant for a few hundred pictures and a network of portraits to start from:

- minibatch 16, so that a step sees a good part of the set, and learning rate 0.002, the portraits network's own;
- R1 by resolution and minibatch, 3.3 at 512 px: the 10 of config F is for ten thousand times as many pictures;
- ADA, p moving fivefold as fast as in a training from scratch, since D overfits hundreds of pictures in a few kimg;
- Freeze-D above 64 px: how anime is drawn is known to D already, and those layers cost most of its time;
- mirror, which doubles the set (not for a character that is drawn asymmetrically on purpose);
- Gs with a half-life of 5 kimg, which has forgotten the portraits long before the 60 kimg end.
"""


def _layers_above(side: int, resolution: int) -> int:
    """Count D's layers above maps of `side`: FromRGB, and three of each block."""
    blocks = max((resolution // side).bit_length() - 1, 0)
    return 3 * blocks + 1 if blocks else 0
