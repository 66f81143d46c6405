from shared.ledger.arrivals import Arrivals

A, B = "0a" * 10, "0b" * 10


def test_an_arrival_is_known_once_every_decision_of_it_is() -> None:
    arrivals = Arrivals()
    assert arrivals.note(1, A, 2)
    assert not arrivals.all_known
    assert arrivals.awaited() == {A}
    assert arrivals.note(1, B, 2)
    assert arrivals.all_known
    assert arrivals.awaited() == set()


def test_a_decision_is_news_once() -> None:
    arrivals = Arrivals()
    assert arrivals.note(1, A, 2)
    assert not arrivals.note(1, A, 2)
    assert arrivals.note(1, B, 2)
    assert not arrivals.note(1, B, 2)


def test_while_an_earlier_arrival_is_missing_not_all_are_known() -> None:
    arrivals = Arrivals()
    arrivals.note(3, A, 1)
    arrivals.note(2, A, 1)
    assert not arrivals.all_known
    assert not arrivals.note(3, A, 1)
    arrivals.note(1, B, 1)
    assert arrivals.all_known
