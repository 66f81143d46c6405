import pytest
from pydantic import ValidationError

from shared.recipe.duplicates import Duplicates


@pytest.mark.parametrize(("bits", "strictness"), [(0, 100), (10, 50), (16, 20)])
def test_the_bits_of_an_older_recipe_are_read_as_strictness(bits: int, strictness: int) -> None:
    assert Duplicates.model_validate({"bits": bits, "mirrored": False}) == Duplicates(
        strictness=strictness, mirrored=False
    )


@pytest.mark.parametrize("bits", [-1, 17, "many", None, True, 1.5])
def test_bits_that_never_were_any_are_refused(bits: object) -> None:
    with pytest.raises(ValidationError, match="`strictness` has taken its place"):
        Duplicates.model_validate({"bits": bits})


def test_what_is_written_down_is_read_again() -> None:
    assert Duplicates.model_validate(Duplicates(strictness=70).model_dump(mode="json")).strictness == 70
