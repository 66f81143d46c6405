"""Posts that a board has changed lately: tags, ratings, or the file. Pure."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from services.scraper.sources.danbooru.search import NUMBERED_PAGES

_NEVER = datetime.min.replace(tzinfo=UTC)


def changed_rows(read: Callable[[str], list[Any]], since: datetime) -> Iterator[Any]:
    """Yield the rows that were changed since then; `read` returns a page of all, the last changed first."""
    for page in range(1, NUMBERED_PAGES + 1):
        rows = read(str(page))
        changed = [row for row in rows if _changed_at(row) >= since]
        yield from changed
        if len(changed) < len(rows) or not rows:
            return


def _changed_at(row: Any) -> datetime:
    """Return when a post was changed; long ago where the board does not say."""
    try:
        return datetime.fromisoformat(row["updated_at"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return _NEVER
