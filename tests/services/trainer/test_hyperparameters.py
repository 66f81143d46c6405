from typing import Any

import pytest

from services.trainer.hyperparameters import hyperparameters
from shared.contract.errors import Poison
from shared.recipe.hyperparameters import Augmentation
from shared.recipe.training import Preset, Training
from shared.stylegan2.architecture import Architecture

ARCHITECTURE = Architecture(16, fmap_max=16)
TOY = Training(preset=Preset.STYLEGAN2, minibatch=8).resolved(16)


def test_every_setting_arrives_at_the_training() -> None:
    """Each is changed by itself, and something about the hyperparameters changes."""
    usual = hyperparameters(TOY, ARCHITECTURE)
    changes: dict[str, Any] = {
        "minibatch": 16,
        "minibatch_gpu": 4,
        "learning_rate": 0.1,
        "r1_gamma": 3.0,
        "path_length_weight": 0.0,
        "g_interval": 7,
        "d_interval": 7,
        "d_repeats": 3,
        "style_mixing": 0.1,
        "mirror": not TOY.mirror,
        "freeze_d": 3,
        "augmentation": Augmentation.DIFFAUGMENT,
        "augment_pipe": "bg",
        "augment_p": 0.4,
        "ada_target": 0.7,
        "ada_kimg": 33.0,
        "bcr_weight": 10.0,
        "ema_kimg": 1.0,
        "ema_rampup": 0.3,
        "precision": "bfloat16",
    }
    alike = [
        name
        for name, value in changes.items()
        if hyperparameters(TOY.model_copy(update={name: value}), ARCHITECTURE) == usual
    ]
    assert alike == []


def test_auto_takes_as_many_pictures_at_once_as_there_is_memory_for() -> None:
    assert hyperparameters(TOY.model_copy(update={"minibatch_gpu": "auto"}), ARCHITECTURE).minibatch_gpu == 8


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"minibatch": 6}, r"training.minibatch lets each device take 6 of 6 pictures at once: .* a multiple of 4"),
        ({"minibatch": 12, "minibatch_gpu": 6}, r"training.minibatch_gpu lets each device take 6 of 12"),
        ({"minibatch": 24, "minibatch_gpu": 16}, r"training.minibatch_gpu .* and divide 24"),
    ],
)
def test_parts_that_are_no_whole_groups_or_do_not_add_up_are_poison(fields: dict[str, int], text: str) -> None:
    with pytest.raises(Poison, match=text):
        hyperparameters(TOY.model_copy(update=fields), ARCHITECTURE)


@pytest.mark.parametrize("minibatch", [1, 2, 3, 4, 12])
def test_a_minibatch_of_whole_groups_or_less_than_one_is_fine(minibatch: int) -> None:
    found = hyperparameters(TOY.model_copy(update={"minibatch": minibatch}), ARCHITECTURE)
    assert (found.minibatch, found.minibatch_gpu) == (minibatch, minibatch)
