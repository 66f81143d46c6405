import pytest
from pydantic import ValidationError

from shared.recipe.upscaling import Upscaling


@pytest.mark.parametrize("model", ["cunet", "upconv_7_anime_style_art_rgb", "upconv_7_photo"])
@pytest.mark.parametrize("noise", [-1, 1, 3])
def test_a_recipe_that_was_stored_before_noise_could_be_automatic_is_read_as_it_was(model: str, noise: int) -> None:
    stored = {"enabled": True, "model": model, "noise": noise}
    assert Upscaling.model_validate(stored).model_dump(mode="json") == stored


def test_noise_is_reduced_by_the_original_unless_the_recipe_says_how_strongly() -> None:
    assert Upscaling().noise == Upscaling.model_validate({"noise": "auto"}).noise == "auto"


@pytest.mark.parametrize("noise", [-2, 4, 1.5, "strong"])
def test_other_strengths_are_refused(noise: object) -> None:
    with pytest.raises(ValidationError, match="auto"):
        Upscaling.model_validate({"noise": noise})
