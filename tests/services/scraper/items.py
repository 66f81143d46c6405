"""All items of a source, page after page."""

from collections.abc import Iterator

from services.scraper.sources import Item, Source


def items_of(source: Source) -> Iterator[Item]:
    """Every item that a source lists."""
    cursor: str | None = ""
    while cursor is not None:
        page = source.page(cursor)
        yield from page.items
        cursor = page.next
