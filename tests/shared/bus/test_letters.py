"""What the headers beside a message say, and what they say after each kind of answer."""

from typing import Any

import pytest

from shared.bus import DeadLetter, letters

FROM_A_PAUSE: dict[str, Any] = {"attempt": 2, "x-death": [{"reason": "expired"}], "x-first-death-reason": "expired"}


@pytest.mark.parametrize(
    ("headers", "attempt"), [({}, 1), ({"attempt": 3}, 3), ({"attempt": "3"}, 1), ({"attempt": -1}, 1)]
)
def test_an_attempt_is_counted_from_one_whatever_somebody_else_wrote(headers: dict[str, Any], attempt: int) -> None:
    assert letters.attempt(headers) == attempt


def test_the_broker_counts_the_consumers_that_vanished() -> None:
    assert letters.redeliveries({}) == 0
    assert letters.redeliveries({"x-delivery-count": 2}) == 2
    assert letters.redeliveries({"x-delivery-count": 2, "handed-back": 3}) == 5


def test_a_message_that_is_handed_back_keeps_its_attempt_and_counts_all_returns() -> None:
    handed_back = letters.of_requeue({"attempt": 2, "x-delivery-count": 2, "handed-back": 3})
    assert handed_back == {"attempt": 2, "handed-back": 6}
    assert letters.of_retry(handed_back) == {"attempt": 3}


def test_a_retry_is_the_next_attempt_and_forgets_what_the_broker_wrote() -> None:
    assert letters.of_retry({}) == {"attempt": 2}
    assert letters.of_retry(FROM_A_PAUSE) == {"attempt": 3}


def test_what_is_handed_back_keeps_its_attempt() -> None:
    assert letters.own(FROM_A_PAUSE | {"x-delivery-count": 1}) == {"attempt": 2}


def test_a_dead_letter_says_why_and_is_read_back() -> None:
    headers = letters.of_dead(FROM_A_PAUSE, "lister", "it has no pictures", "Poison")
    assert headers == {"attempt": 2, "queue": "lister", "reason": "it has no pictures", "error": "Poison"}
    assert letters.dead_letter("lister", headers, b"{}") == DeadLetter(
        "lister", b"{}", attempt=2, reason="it has no pictures", error="Poison"
    )


def test_a_reason_is_cut_and_made_fit_for_the_broker() -> None:
    assert letters.of_dead({}, "lister", "x" * 900, "Poison")["reason"] == "x" * 500
    assert letters.of_dead({}, "lister", "no file \udcff", "Poison")["reason"] == "no file ?"


def test_a_letter_that_the_broker_put_aside_says_that_its_worker_vanished() -> None:
    headers: dict[str, Any] = {"x-death": [{"reason": "delivery_limit"}]}
    letter = letters.dead_letter("lister", headers, b"{}")
    assert (letter.reason, letter.error) == ("its worker vanished too often", "delivery-limit")
    letter = letters.dead_letter("lister", headers | {"x-delivery-count": 21}, b"{}")
    assert letter.reason == "its worker vanished 21 times"


def test_any_other_reason_of_the_broker_is_passed_on() -> None:
    letter = letters.dead_letter("lister", {"x-death": [{"reason": "maxlen"}]}, b"{}")
    assert (letter.reason, letter.error) == ("put aside by the broker: maxlen", "maxlen")
    assert letters.dead_letter("lister", {}, b"{}").error == "unknown"
