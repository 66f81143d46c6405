from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contract.errors import RecipeError
from shared.recipe.file import read_recipe
from shared.recipe.pixiv import Match, Pixiv, PixivSource
from shared.recipe.recipe import Recipe


def read(folder: Path, *lines: str) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text("\n".join(["name: margot", "sources:", *lines]) + "\n", encoding="utf-8")
    return read_recipe(path)


@pytest.mark.parametrize("line", ["  - pixiv: {word: マルゴ}", "  - pixiv: マルゴ"])
def test_a_word_is_enough(tmp_path: Path, line: str) -> None:
    source = read(tmp_path, line).sources[0]
    assert isinstance(source, PixivSource)
    section = source.pixiv
    assert (section.word, section.match, section.bookmarks, section.ai) == ("マルゴ", Match.TAG, 0, False)
    assert section.addresses.api == "https://app-api.pixiv.net"


def test_everything_can_be_said(tmp_path: Path) -> None:
    recipe = read(
        tmp_path,
        "  - pixiv:",
        "      word:  マルゴ  リボン ",
        "      match: exact-tag",
        "      exclude: [R-18]",
        "      bookmarks: 5100",
        "      since: 2019-01-01",
        "      until: 2019-01-01",
        "      addresses: {api: 'http://127.0.0.1:8000/'}",
    )
    source = recipe.sources[0]
    assert isinstance(source, PixivSource)
    assert source.pixiv.word == "マルゴ リボン"
    assert source.pixiv.exclude == ("R-18",)
    assert source.pixiv.addresses.api == "http://127.0.0.1:8000"
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ({"word": " "}, "write a tag or word"),
        ({"exclude": "a"}, r"write a list, even of one: \['a'\]"),
        ({"bookmarks": -1}, "greater than or equal to 0"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"since": "2019-01-02", "until": "2019-01-01"}, "should not be before `since`, 2019-01-02"),
        ({"match": "caption"}, "'tag', 'exact-tag' or 'title-and-caption'"),
        ({"addresses": {"api": "ftp://a"}}, "should be an address such as"),
        ({"addresses": {"api": "https://anya:secret@a"}}, "should be an address such as"),
        ({"addresses": {"web": "https://a/?b"}}, "without . and #"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(field: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Pixiv.model_validate({"word": "margot", **field})


def test_a_misspelt_field_is_told_with_its_line_and_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as refused:
        read(tmp_path, "  - pixiv:", "      word: margot", "      bookmark: 5")
    assert "recipe.yaml:5: sources[0].pixiv.bookmark: no such field; allowed are word, match, " in str(refused.value)


def test_tags_of_pixiv_can_be_classes(tmp_path: Path) -> None:
    recipe = read(tmp_path, "  - pixiv: {word: margot}", "labels: {tags: [blue, red]}")
    assert recipe.labels.tags == ("blue", "red")
