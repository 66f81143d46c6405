from datetime import UTC, datetime
from typing import Any

import pytest

from services.scraper.sources.danbooru.changes import changed_rows

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def changed(pages: dict[str, list[Any]]) -> tuple[list[int], list[str]]:
    """The posts that were changed since noon, and the pages that were asked for."""
    asked: list[str] = []

    def read(page: str) -> list[Any]:
        asked.append(page)
        return pages.get(page, [])

    return [row["id"] for row in changed_rows(read, NOON)], asked


def row(number: int, hour: int) -> dict[str, Any]:
    return {"id": number, "updated_at": f"2026-11-27T{hour:02d}:00:00.000-05:00"}


def test_pages_are_read_down_to_the_first_post_that_was_not_changed_since() -> None:
    pages = {"1": [row(1, 10), row(2, 9)], "2": [row(3, 7), row(4, 6)], "3": [row(5, 5)]}
    assert changed(pages) == ([1, 2, 3], ["1", "2"])


def test_where_all_were_changed_a_page_without_posts_is_the_end() -> None:
    assert changed({"1": [row(1, 10)]}) == ([1], ["1", "2"])


@pytest.mark.parametrize("odd", [{"id": 5}, {"id": 5, "updated_at": None}, {"id": 5, "updated_at": "today"}, "post"])
def test_a_board_that_does_not_say_when_is_not_asked_further(odd: Any) -> None:
    assert changed({"1": [row(1, 10), odd], "2": [row(3, 9)]}) == ([1], ["1"])
