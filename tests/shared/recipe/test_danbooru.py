from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contract.errors import RecipeError
from shared.recipe.danbooru import Danbooru, DanbooruSource, Order, Rating
from shared.recipe.file import read_recipe
from shared.recipe.recipe import Recipe


def section(**fields: Any) -> Danbooru:
    return Danbooru.model_validate({"tags": ["margot"], **fields})


def refusal(**fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        section(**fields)
    return str(caught.value)


def test_tags_are_all_that_is_needed() -> None:
    source = Recipe.model_validate({"name": "anya", "sources": [{"danbooru": {"tags": ["margot"]}}]}).sources[0]
    assert source == DanbooruSource(danbooru=Danbooru(tags=("margot",)))
    assert source.danbooru.ratings == (Rating.GENERAL,)
    assert not source.danbooru.deleted


def test_a_recipe_with_a_board_reads_back_what_it_writes() -> None:
    wanted = section(ratings=["s", "g"], since="2019-01-01", until="2020-12-31", order="score", exclude=["comic"])
    recipe = Recipe(name="anya", sources=(DanbooruSource(danbooru=wanted),))
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert (wanted.since, wanted.order) == (date(2019, 1, 1), Order.SCORE)


@pytest.mark.parametrize("name", ["nier:automata", "fate/grand_order", ":)", ">:(", "^_^", "o_o", "d:", ":>", "1girl"])
def test_names_that_boards_have_are_taken(name: str) -> None:
    assert section(tags=[name]).tags == (name,)


def test_names_are_in_lower_case_as_boards_have_them() -> None:
    assert section(tags=["Margot_(Magritte)"]).tags == ("margot_(magritte)",)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("hatsune miku", "names have no spaces, write hatsune_miku"),
        ("-solo", "names do not begin with -; list it in `exclude`"),
        ("~solo", "do not begin with ~"),
        ("(solo", "do not begin with ("),
        ("solo*", "do not contain *"),
        ("solo,smile", "do not contain ,"),
        ("rem_(re:zero", "its parentheses do not pair"),
        ("score:>=5", "score: is part of a search"),
        ("scoer:>=5", "scoer: is part of a search"),
        ("RATING:q", "rating: is part of a search"),
        ("char:rem", "char: is part of a search"),
        ("order:score", "order: is part of a search"),
        ("or", "does not take it as a name"),
        ("x__y", "does not take it as a name"),
        ("初音ミク", "names are in ASCII"),
        ("", "1 to 170 characters"),
        ("x" * 171, "1 to 170 characters"),
    ],
)
@pytest.mark.parametrize("field", ["tags", "exclude"])
def test_what_a_board_would_answer_with_nothing_is_refused(field: str, name: str, problem: str) -> None:
    assert problem in refusal(**{field: [name]})


@pytest.mark.parametrize("rating", ["q", "e", "explicit", "G"])
def test_no_rating_but_general_and_sensitive_can_be_asked_for(rating: str) -> None:
    assert "should be 'g' or 's'" in refusal(ratings=["g", rating])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"tags": []}, "name at least one, such as that of the character"),
        ({"tags": "margot"}, r"write a list, even of one: \['margot'\]"),
        ({"tags": ["a_a", "a_a"]}, "name each of them once"),
        ({"ratings": []}, "name at least one"),
        ({"exclude": ["margot"]}, "margot is in `tags` too"),
        ({"since": "2020-01-02", "until": "2020-01-01"}, "should not be before `since`, 2020-01-02"),
        ({"since": "2020-13-01"}, "valid date"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"order": "random"}, "'newest', 'score' or 'favourites'"),
        ({"address": "danbooru.donmai.us"}, "address of the board's first page"),
        ({"address": "https://danbooru.donmai.us/?tags=x"}, "address of the board's first page"),
        ({"address": "https://anya:key@danbooru.donmai.us"}, "MAGRITTE_DANBOORU_LOGIN"),
        ({"scores": 5}, "Extra inputs"),
    ],
)
def test_values_that_make_no_sense_are_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        section(**fields)


def test_an_address_ends_without_a_slash() -> None:
    assert section(address="http://127.0.0.1:8080/").address == "http://127.0.0.1:8080"


def test_errors_name_line_and_field_and_what_is_allowed_there(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: anya\nsources:\n  - danbooru:\n      tags: [margot]\n      scores: 5\n      ratings: [q]\n")
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    first, second = sorted(str(caught.value).splitlines())
    assert first.startswith(f"{path}:5: sources[0].danbooru.scores: no such field; allowed are tags, exclude, ratings,")
    assert second == f"{path}:6: sources[0].danbooru.ratings[0]: Input should be 'g' or 's' (not 'q')"


def test_classes_may_be_told_by_the_tags_of_a_board(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: anya\nsources:\n  - danbooru: {tags: [margot]}\nlabels: {tags: [smile, blush]}\n")
    assert read_recipe(path).labels.tags == ("smile", "blush")
