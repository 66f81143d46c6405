"""The recipe's section on faces: its preset, and what stands beside it."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.recipe.detectors import Cascade, DetectorKind
from shared.recipe.faces import Edge, Expansion, Faces, PictureExpansion

HAND_MADE = Faces.model_validate({"preset": "hand-made"})


def test_the_preset_hand_made_is_the_cascade_on_the_whole_picture() -> None:
    expected = Cascade(model="lbpcascade_animeface", scale_factor=1.05, min_neighbors=5, min_size=250, reduce_to=None)
    assert (HAND_MADE.detector, HAND_MADE.cascade) == (DetectorKind.CASCADE, expected)
    assert (HAND_MADE.expand, HAND_MADE.edge) == (PictureExpansion.PONYTAIL, Edge.CUT)


def test_all_else_of_the_preset_is_as_without_it() -> None:
    changed = {"preset", "detector", "cascade", "expand", "edge"}
    assert HAND_MADE.model_dump(exclude=changed) == Faces().model_dump(exclude=changed)


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ({"cascade": {"min_size": 100}}, {"cascade": HAND_MADE.cascade.model_copy(update={"min_size": 100})}),
        ({"expand": {"left": 0.5}}, {"expand": Expansion(left=0.5)}),
        ({"detector": "vote"}, {"detector": DetectorKind.VOTE}),
        ({"edge": "drop"}, {"edge": Edge.DROP}),
        ({"smallest": 9}, {"smallest": 9}),
    ],
)
def test_what_the_recipe_sets_beside_the_preset_goes_before(beside: dict[str, Any], expected: dict[str, Any]) -> None:
    assert Faces.model_validate({"preset": "hand-made", **beside}) == HAND_MADE.model_copy(update=expected)


def test_a_section_with_a_preset_survives_the_store() -> None:
    faces = Faces.model_validate({"preset": "hand-made", "cascade": {"min_size": 48}})
    assert Faces.model_validate_json(faces.model_dump_json()) == faces


@pytest.mark.parametrize(("beside", "problem"), [({"cascade": 3}, "instance of Cascade"), ({"preset": 3}, "hand-made")])
def test_what_is_no_section_beside_a_preset_is_an_error(beside: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Faces.model_validate({"preset": "hand-made", **beside})
