import re
from pathlib import Path, PurePath

import pytest

from shared import sha256
from shared.models.catalogue import MODELS, NAMED, Model
from shared.recipe.recipe import Recipe

SHELF = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_row_says_everything_that_a_person_decides_by(model: Model) -> None:
    assert NAMED[model.name] is model
    assert model.licence
    assert model.certainty.partition(":")[0] in ("sure", "likely")
    assert model.address.startswith("https://")
    assert re.fullmatch(r"([0-9a-f]{64})?", model.sha256)
    assert (model.size or 0) <= model.most_bytes


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_name_is_no_path(model: Model) -> None:
    assert PurePath(model.name).name == model.name
    assert not PurePath(model.name).suffix


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_only_what_a_field_of_the_recipe_takes_is_listed(model: Model) -> None:
    section: object = Recipe.model_construct()
    for part in model.used_by.split("."):
        section = getattr(section, part)
    assert section in ("", None)


def test_the_digest_of_the_cascade_is_that_of_the_file_on_the_shelf() -> None:
    file = SHELF / "lbpcascade_animeface.xml"
    if not file.is_file():
        pytest.skip(f"needs the cascade {file}")
    assert sha256.hash_file(file) == NAMED["lbpcascade_animeface"].sha256
    assert file.stat().st_size == NAMED["lbpcascade_animeface"].size
