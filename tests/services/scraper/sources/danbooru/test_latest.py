from typing import Any

import pytest

from services.scraper.sources.danbooru.latest import FRESH, LatestRows


class Search:
    """A search that finds posts 10, 20, ... 90 in pages of three, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked: list[str] = []
        self.latest = LatestRows(self.read, lambda: self.now)

    def read(self, page: str) -> list[Any]:
        self.asked.append(page)
        before = int(page.removeprefix("b"))
        return [{"id": number} for number in range(90, 0, -10) if number < before][:3]


@pytest.fixture
def search() -> Search:
    return Search()


def test_a_post_is_read_with_those_below_it(search: Search) -> None:
    assert [search.latest.row(number) for number in (80, 70, 60)] == [{"id": 80}, {"id": 70}, {"id": 60}]
    assert search.asked == ["b81"]


def test_what_was_not_read_is_asked_for(search: Search) -> None:
    search.latest.row(80)
    assert search.latest.row(90) == {"id": 90}
    assert search.latest.row(40) == {"id": 40}
    assert search.asked == ["b81", "b91", "b41"]


def test_what_the_search_does_not_find_is_none(search: Search) -> None:
    search.latest.row(80)
    assert search.latest.row(75) is None
    assert search.asked == ["b81"]
    assert search.latest.row(5) is None
    assert search.latest.row(4) is None
    assert search.asked == ["b81", "b6"]


def test_after_a_minute_all_is_read_again(search: Search) -> None:
    search.latest.row(80)
    search.now += FRESH - 1
    search.latest.row(70)
    search.now += 1
    search.latest.row(70)
    assert search.asked == ["b81", "b71"]
