import pytest

from services.magritte import libraries
from shared.contract.errors import Unusable


@pytest.mark.parametrize("extra", ["trainer", "onnx"])
def test_a_library_that_is_missing_is_named_with_what_installs_it(extra: str) -> None:
    with pytest.raises(Unusable) as raised, libraries.of_training(extra):
        import no_such_library  # noqa: F401
    assert str(raised.value) == f"no_such_library is not installed: install magritte[{extra}]"


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(ImportError, match="no_such_name") as raised, libraries.of_training():
        from shared.contract.errors import no_such_name  # noqa: F401
    assert not isinstance(raised.value, Unusable)
