import pytest
from pydantic import ValidationError

from shared.recipe.hyperparameters import Augmentation, Hyperparameters, Precision
from shared.recipe.training import ResolvedTraining, Training


def test_the_defaults_are_those_of_the_official_program() -> None:
    assert dict(Hyperparameters()) == {
        "minibatch": 32,
        "minibatch_gpu": None,
        "learning_rate": 0.002,
        "r1_gamma": 10.0,
        "path_length_weight": 2.0,
        "pl_decay": 0.01,
        "pl_minibatch_shrink": 2,
        "style_mixing": 0.9,
        "ema_kimg": 10.0,
        "ema_rampup": 0.0,
        "g_interval": 4,
        "d_interval": 16,
        "d_repeats": 1,
        "freeze_d": 0,
        "mirror": False,
        "augmentation": Augmentation.NONE,
        "augment_pipe": "bgc",
        "augment_p": 0.0,
        "ada_target": 0.6,
        "ada_kimg": 500.0,
        "bcr_weight": 0.0,
        "precision": Precision.FLOAT32,
    }


@pytest.mark.parametrize("name", ["pl_decay", "pl_minibatch_shrink"])
def test_a_recipe_cannot_set_what_no_official_program_lets_one_set(name: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Training.model_validate({name: 1})


def test_a_recipes_settings_are_hyperparameters_with_nothing_of_their_own_in_records() -> None:
    resolved = Training().resolved(512)
    assert isinstance(resolved, Hyperparameters)
    assert (resolved.pl_decay, resolved.pl_minibatch_shrink) == (0.01, 2)
    assert set(resolved.model_dump()) == set(Training.model_fields)
    assert {*ResolvedTraining.model_fields} == {*Training.model_fields, *Hyperparameters.model_fields}


def test_the_average_has_its_whole_half_life_without_a_limit() -> None:
    assert Hyperparameters(minibatch=10, ema_kimg=0.01, ema_rampup=0.0).ema_beta(0) == 0.5


def test_the_average_is_short_while_few_pictures_were_shown() -> None:
    settings = Hyperparameters(minibatch=10, ema_kimg=10, ema_rampup=0.5)
    assert (settings.ema_beta(20), settings.ema_beta(10**6)) == (0.5, pytest.approx(0.5**0.001))


def test_parts_are_counted_only_when_the_machine_has_decided() -> None:
    assert Hyperparameters(minibatch=16, minibatch_gpu=4).accumulation(devices=2) == 2
    with pytest.raises(ValueError, match="minibatch_gpu is `auto`"):
        Hyperparameters(minibatch_gpu="auto").accumulation()
