import pytest

from services.scraper.sources.pacing import Pacing
from shared.contract.errors import Interrupted


def test_only_the_same_host_is_waited_for() -> None:
    pacing = Pacing(30, stopping=lambda: True)
    pacing.wait("a.example")
    pacing.wait("b.example")
    with pytest.raises(Interrupted):
        pacing.wait("a.example")


def test_without_a_pause_nothing_is_waited_for() -> None:
    pacing = Pacing(0, stopping=lambda: True)
    pacing.wait("a.example")
    pacing.wait("a.example")


def test_a_host_is_held_as_long_as_it_asks_for() -> None:
    pacing = Pacing(0, stopping=lambda: True)
    pacing.hold("a.example", 30)
    pacing.hold("a.example", 0)
    with pytest.raises(Interrupted):
        pacing.wait("a.example")
