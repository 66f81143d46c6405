import pytest

from shared.contract.errors import MagritteError, NotFound, Poison, Unusable
from shared.runtime.library_errors import translated
from shared.stylegan2.errors import BadFile, DoesNotWork, Misfit, NoSuchFolder, StyleGAN2Error
from shared.stylegan2.weights import WeightsMismatch


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (BadFile, Poison),
        (Misfit, Poison),
        (WeightsMismatch, Poison),
        (StyleGAN2Error, Poison),
        (NoSuchFolder, NotFound),
        (DoesNotWork, Unusable),
    ],
)
def test_an_error_of_the_library_has_its_text_and_a_meaning_to_the_pipeline(
    error: type[StyleGAN2Error], meaning: type[MagritteError]
) -> None:
    with pytest.raises(MagritteError) as raised, translated():
        raise error("record 5 is damaged")
    assert type(raised.value) is meaning
    assert str(raised.value) == "record 5 is damaged"
    assert isinstance(raised.value.__cause__, error)


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ValueError, match="no number"), translated():
        raise ValueError("no number")
