from pathlib import Path

import yaml

from shared.recipe.example import example
from shared.recipe.file import read_recipe
from shared.recipe.recipe import Recipe

REPOSITORY = Path(__file__).parents[3]


def test_the_file_in_the_repository_is_what_the_command_prints() -> None:
    committed = (REPOSITORY / "recipe.example.yaml").read_text(encoding="utf-8")
    assert committed == example(), "run: magritte recipe example > recipe.example.yaml"


def test_the_example_is_a_recipe_of_defaults_alone(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    path = tmp_path / "recipe.yaml"
    path.write_text(example(), encoding="utf-8")
    recipe = read_recipe(path)
    assert recipe == Recipe(name=recipe.name, sources=recipe.sources)


def test_the_example_shows_every_field() -> None:
    shown = yaml.safe_load(example())
    defaults = Recipe.model_validate(shown).model_dump(mode="json")
    assert shown.keys() == defaults.keys()
    assert {name: shown[name] for name in shown if name != "sources"} == {
        name: defaults[name] for name in defaults if name != "sources"
    }


def test_every_field_with_a_choice_names_its_choices() -> None:
    for line in example().splitlines():
        setting, _, about = line.partition("#")
        if setting.strip().startswith(
            ("monochrome:", "pages:", "detector:", "too_many:", "fit:", "format:", "unlabelled:")
        ):
            value = setting.split(":")[1].strip()
            assert value in about


def test_the_example_fits_a_window_of_120_columns() -> None:
    assert [line for line in example().splitlines() if len(line) > 120] == []


def test_every_setting_but_the_margins_of_a_crop_is_explained() -> None:
    settings = [line for line in example().splitlines() if line.partition("#")[0].strip()]
    bare = [line.split(":")[0].strip() for line in settings if "#" not in line]
    assert bare == ["sources", "left", "top", "right", "bottom"]
