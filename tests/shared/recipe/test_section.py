from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from pydantic import BaseModel, Field, ValidationError

from shared.contract.errors import RecipeError
from shared.recipe.file import read_recipe
from shared.recipe.recipe import Recipe
from shared.recipe.section import Section

NOT_FINITE = (".inf", "-.inf", ".nan", "1.0e+400", "1e400", "1" + "0" * 400, f"0x{'f' * 5000}")


def sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every section that an annotation names, also within unions, lists and `Annotated`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from sections(part)


def is_numeric(annotation: Any) -> bool:
    return annotation in (int, float) or any(
        part in (int, float) or is_numeric(part) for part in get_args(annotation) if not isinstance(part, str)
    )


def numeric_fields(model: type[BaseModel], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where every number of a recipe stands: the fields to go through, `sources` with the kind of the source."""
    for name, field in model.model_fields.items():
        inner = list(sections(field.annotation))
        for section in inner:
            kind = (section.__name__,) if len(inner) > 1 else ()
            yield from numeric_fields(section, (*place, name, *kind))
        if not inner and is_numeric(field.annotation):
            yield (*place, name)


FIELDS = [field for field in numeric_fields(Recipe) if field[0] != "sources"]
OF_SOURCES = [field for field in numeric_fields(Recipe) if field[0] == "sources"]
GIVEN = {
    "FolderSource": ["- folder: ."],
    "AddressesSource": ["- urls: []"],
    "DanbooruSource": ["- danbooru:", "    tags: [margot]"],
    "PixivSource": ["- pixiv:", "    word: margot"],
    "GallerySource": ["- gallery:", "    address: https://board.example/margot"],
}
"""The lines of a source of each kind."""


def refusal(folder: Path, text: str) -> str:
    path = folder / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as refused:
        read_recipe(path)
    return str(refused.value).replace(f"{folder}/", "")


def test_the_numbers_of_all_parts_of_a_recipe_are_found() -> None:
    found = {".".join(field) for field in numeric_fields(Recipe)}
    assert {"pictures.elongation", "faces.expand.left", "training.kimg", "training.minibatch_gpu"} <= found
    assert {"sources.FolderSource.score", "sources.AddressesSource.timeout", "normalized.quality"} <= found
    assert len(found) > 50


@pytest.mark.parametrize("field", FIELDS, ids=".".join)
@pytest.mark.parametrize("number", NOT_FINITE, ids=lambda number: number[:8])
def test_a_number_that_is_not_finite_is_refused_with_line_and_field(
    tmp_path: Path, field: tuple[str, ...], number: str
) -> None:
    section = "".join(f"{'  ' * depth}{name}:\n" for depth, name in enumerate(field[:-1]))
    text = f"name: anya\nsources: [{{folder: .}}]\n{section}{'  ' * (len(field) - 1)}{field[-1]}: {number}\n"
    complaint = refusal(tmp_path, text)
    assert complaint.startswith(f"recipe.yaml:{2 + len(field)}: {'.'.join(field)}: ")
    assert "hould be" in complaint
    assert len(complaint.splitlines()) == 1
    assert len(complaint) < 300


@pytest.mark.parametrize("field", OF_SOURCES, ids=".".join)
@pytest.mark.parametrize("number", NOT_FINITE, ids=lambda number: number[:8])
def test_a_source_with_a_number_that_is_not_finite_is_refused(
    tmp_path: Path, field: tuple[str, ...], number: str
) -> None:
    _, kind, *names = field
    lines = ["name: anya", "sources:", *GIVEN[kind], f"{'  ' * len(names)}{names[-1]}: {number}"]
    complaint = refusal(tmp_path, "".join(f"{line}\n" for line in lines))
    assert complaint.startswith(f"recipe.yaml:{len(lines)}: sources[0].{'.'.join(names)}: ")
    assert "hould be" in complaint


class _Odd(Section):
    """Kinds of fields that no section has yet."""

    listed: tuple[float, ...] = ()
    either: float | Literal["auto"] = "auto"
    named: dict[str, float] = Field(default_factory=dict)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("given", ["listed", "either", "named"])
def test_lists_and_alternatives_are_looked_into(given: str, number: float) -> None:
    value = {"listed": [1.0, number], "either": number, "named": {"a": number}}[given]
    with pytest.raises(ValidationError, match="should be a finite number"):
        _Odd.model_validate({given: value})
