from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contract.errors import RecipeError
from shared.recipe.file import read_recipe
from shared.recipe.gallery import Audience, Gallery, GallerySource, Software
from shared.recipe.recipe import Recipe
from shared.recipe.sources import name_of, pause_of, tells_tags

ADDRESS = "https://board.example/index.php?page=post&s=list&tags=margot"


def read(folder: Path, line: str) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(f"name: margot\nsources:\n  - gallery: {line}\n", encoding="utf-8")
    return read_recipe(path)


def test_an_address_is_enough(tmp_path: Path) -> None:
    (source,) = read(tmp_path, ADDRESS).sources
    assert isinstance(source, GallerySource)
    wanted = source.gallery
    assert (wanted.address, wanted.software, wanted.unrated, wanted.limit) == (ADDRESS, None, False, None)
    assert wanted.ratings == (Audience.GENERAL,)
    assert (name_of(source), pause_of(source), tells_tags(source)) == (ADDRESS, 1.0, True)


def test_everything_can_be_said(tmp_path: Path) -> None:
    rules = "score: 5, favourites: 3, smallest: 512, since: 2019-01-01, until: 2019-12-31, limit: 10, unrated: true"
    recipe = read(
        tmp_path,
        f"{{address: '{ADDRESS}', software: Danbooru, ratings: [general, sensitive], exclude: [comic], {rules}}}",
    )
    (source,) = recipe.sources
    assert isinstance(source, GallerySource)
    assert source.gallery.software is Software.DANBOORU
    assert source.gallery.exclude == ("comic",)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    "address",
    [
        "",
        "board.example/posts",
        "ftp://board.example/",
        "--filter=1",
        "r:https://board.example/",
        "oauth:pixiv",
        "Danbooru:https://board.example/",
        "file:///etc/passwd",
        "https://board.example/a b",
        "https://board.example/a\n--exec",
        "https://board.example/\x1b[2J",
        "https://",
        "https:///posts",
        "https://board.example:0/",
        "https://board.example:99999/",
        "https://[::1/",
        "https://anya:secret@board.example/",
        "https://board.example/" + "a" * 2000,
    ],
)
def test_what_is_no_address_of_the_web_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="address"):
        Gallery(address=address)


def test_an_address_in_another_script_is_one() -> None:
    assert Gallery(address="https://board.example/タグ/マルゴ").address.endswith("マルゴ")


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ({"ratings": []}, "name at least one"),
        ({"ratings": "general"}, r"write a list, even of one: \['general'\]"),
        ({"ratings": ["explicit"]}, "'general' or 'sensitive'"),
        ({"exclude": "comic"}, r"write a list, even of one: \['comic'\]"),
        ({"software": "WordPress"}, "'Danbooru', 'E621'"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"since": "2019-01-02", "until": "2019-01-01"}, "should not be before `since`, 2019-01-02"),
        ({"filter": "score > 5"}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_refused(field: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Gallery.model_validate({"address": ADDRESS, **field})


def test_the_line_and_field_of_what_is_wrong_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"recipe.yaml:3: sources\[0\].gallery.score_least: no such field"):
        read(tmp_path, f"{{address: '{ADDRESS}', score_least: 5}}")
