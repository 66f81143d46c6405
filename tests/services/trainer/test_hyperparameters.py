import pytest

from services.trainer.hyperparameters import hyperparameters
from shared.contract.errors import Poison
from shared.recipe.training import Preset, Training
from shared.stylegan2.architecture import Architecture

ARCHITECTURE = Architecture(16, fmap_max=16)
TOY = Training(preset=Preset.STYLEGAN2, minibatch=8).resolved(16)


def test_only_what_depends_on_the_machine_is_decided_here() -> None:
    settings = Training(preset=Preset.STYLEGAN2, minibatch=8, minibatch_gpu="auto").resolved(16)
    found = hyperparameters(settings, ARCHITECTURE)
    changed = {name for name, value in settings if getattr(found, name) != value}
    assert changed == {"precision", "minibatch_gpu"}


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
