import pytest

from shared.contract.errors import (
    Interrupted,
    NotFound,
    Poison,
    RecipeError,
    RunUnusable,
    SettingsError,
    StoreFull,
    StoreUnavailable,
    Transient,
    Unusable,
)
from shared.runtime.policy import BreakOff, Bury, Requeue, TryAgain, Verdict, decide
from shared.runtime.retry import RetryLadder

LADDER = RetryLadder((1.0, 5.0))


@pytest.mark.parametrize(
    ("error", "verdicts"),
    [
        (Interrupted(), [Requeue()] * 3),
        (SettingsError(), [BreakOff()] * 3),
        (Poison(), [Bury()] * 3),
        (RunUnusable(), [Bury()] * 3),
        (RecipeError(), [Bury()] * 3),
        (StoreUnavailable(), [TryAgain(1.0), TryAgain(5.0), TryAgain(5.0)]),
        (StoreFull(), [TryAgain(1.0), TryAgain(5.0), TryAgain(5.0)]),
        (Transient(), [TryAgain(1.0), TryAgain(5.0), Bury()]),
        (Unusable(), [TryAgain(1.0), TryAgain(5.0), Bury()]),
        (NotFound(), [TryAgain(1.0), TryAgain(5.0), Bury()]),
        (ZeroDivisionError(), [TryAgain(1.0), TryAgain(5.0), Bury()]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_and_the_number_of_the_attempt_decide(error: Exception, verdicts: list[Verdict]) -> None:
    assert [decide(error, attempt, LADDER) for attempt in (1, 2, 3)] == verdicts
