from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from services.trainer.learning.augmentation.pipe import NAMES
from shared.recipe.hyperparameters import Precision
from shared.recipe.training import PRESETS, Preset, Training


def test_every_preset_is_a_recipe_of_its_own() -> None:
    recipes = [Training(preset=preset).model_dump(exclude={"preset"}) for preset in Preset]
    assert set(PRESETS) == set(Preset)
    assert all(one != other for number, one in enumerate(recipes) for other in recipes[:number])


def test_a_recipe_can_ask_for_every_pipe_and_precision_that_there_is() -> None:
    fields = Training.model_fields
    assert get_args(fields["augment_pipe"].annotation) == NAMES
    assert fields["precision"].annotation is Precision


def test_what_is_given_goes_before_the_preset() -> None:
    assert Training(preset=Preset.PAPER512).r1_gamma == 0.5
    assert Training(preset=Preset.PAPER512, r1_gamma=7).r1_gamma == 7


def test_an_unknown_preset_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValidationError, match="'character', 'stylegan2', 'ada', 'paper256' or 'paper512'"):
        Training.model_validate({"preset": "paper"})


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        (256, {"minibatch": 16, "learning_rate": 0.0025, "ema_kimg": 5.0, "fmap_base": 8192, "r1_gamma": 0.8192}),
        (512, {"minibatch": 8, "learning_rate": 0.0025, "ema_kimg": 2.5, "fmap_base": 16384, "r1_gamma": 6.5536}),
        (1024, {"minibatch": 4, "learning_rate": 0.002, "ema_kimg": 1.25, "fmap_base": 16384, "r1_gamma": 52.4288}),
        (64, {"minibatch": 32, "learning_rate": 0.0025, "ema_kimg": 10.0, "fmap_base": 8192, "r1_gamma": 0.0256}),
    ],
)
def test_ada_follows_the_resolution_as_its_official_auto_does(resolution: int, expected: dict[str, float]) -> None:
    found = Training(preset=Preset.ADA).resolved(resolution)
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(("resolution", "layers"), [(1024, 13), (512, 10), (256, 7), (128, 4), (64, 0), (32, 0)])
def test_a_character_freezes_what_lies_above_64_pixels_when_there_is_something_to_keep(
    tmp_path: Path, resolution: int, layers: int
) -> None:
    assert Training(start_from=tmp_path / "network.npz").resolved(resolution).freeze_d == layers
    assert Training().resolved(resolution).freeze_d == 0


def test_going_on_makes_augmentation_quick_and_the_average_steady(tmp_path: Path) -> None:
    going_on = Training(start_from=tmp_path / "network.npz").resolved(512)
    assert (going_on.ada_kimg, going_on.ema_rampup) == (100, 0)
    fresh = Training().resolved(512)
    assert (fresh.ada_kimg, fresh.ema_rampup) == (500, 0.05)


@pytest.mark.parametrize("preset", Preset)
def test_nothing_is_left_to_work_out(preset: Preset) -> None:
    left = {name for name, value in Training(preset=preset).resolved(512).model_dump().items() if value is None}
    assert left == {"start_from", "minibatch_gpu"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"augment_p": 1.5}, "less than or equal to 1"),
        ({"minibatch": 16, "minibatch_gpu": 5}, "must divide minibatch, which is 16"),
        ({"minibatch_gpu": 0}, "must divide minibatch"),
        ({"augmentation": "more"}, "'none', 'ada', 'fixed' or 'diffaugment'"),
        ({"held_out": 0.9}, "less than or equal to 0.5"),
    ],
)
def test_what_makes_no_training_is_refused_by_name(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        Training.model_validate(fields)
