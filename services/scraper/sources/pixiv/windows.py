"""Positions in a search of Pixiv, which ends at an offset: what lies behind it is searched for by date. Pure.

The newest works come first. Where the offset would become too large, a new window ends on the day of the last work
that has been seen; the works of that day come twice. So do works whose offset shifts because new ones appear.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contract.errors import Poison
from shared.recipe.pixiv import Match, Pixiv

LAST_OFFSET = 5000
JAPAN = timezone(timedelta(hours=9))
"""The time zone of Pixiv's days."""

_TARGETS = {
    Match.TAG: "partial_match_for_tags",
    Match.EXACT_TAG: "exact_match_for_tags",
    Match.TITLE_AND_CAPTION: "title_and_caption",
}


class Position(BaseModel):
    """The place of a page in a walk; as JSON it is a cursor.

    Attributes:
        until: the window's last day; None while that is the recipe's
        offset: of the page in the window
        seen: the day of the last work before this page
        below: the key of the last work before this page, by which answers are remembered; None: it has none
        taken: works that have been taken until now, counted while the recipe has a limit
        recent: works that may come again and have been counted: of the last page and, before it, of the day seen
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: date | None = None
    offset: int = 0
    seen: date | None = None
    below: int | None = None
    taken: int = 0
    recent: tuple[int, ...] = ()

    @classmethod
    def of(cls, cursor: str) -> "Position":
        """Return the position of a cursor; the beginning's is empty."""
        try:
            return cls.model_validate_json(cursor) if cursor else cls()
        except ValidationError as error:
            raise Poison(f"{cursor[:100]!r} is no position in a search of Pixiv") from error

    @property
    def cursor(self) -> str:
        """The cursor of this position."""
        return self.model_dump_json(exclude_defaults=True)


@dataclass(frozen=True)
class Step:
    """The position that follows, None at the end; and a day of which not all works can be listed, if there is one."""

    position: Position | None
    crowded: date | None = None


def query(section: Pixiv, position: Position) -> dict[str, str]:
    """Return the parameters of the search at a position."""
    asked = {
        "word": section.word,
        "search_target": _TARGETS[section.match],
        "sort": "date_desc",
        "search_ai_type": "0" if section.ai else "1",
        "start_date": section.since and section.since.isoformat(),
        "end_date": str(position.until or section.until or ""),
        "offset": str(position.offset or ""),
    }
    return {name: value for name, value in asked.items() if value}


def step(section: Pixiv, position: Position, rows: tuple[Any, ...], next_offset: int | None, taken: list[int]) -> Step:
    """Return what follows a page with these rows, of which those in `taken` have been taken."""
    if is_last(position, rows, next_offset):
        return Step(None)
    if next_offset is None:
        return _next_window(section, _following(position, rows, taken))
    if next_offset <= position.offset:
        raise Poison(f"Pixiv leads from offset {position.offset} of a search back to {next_offset}")
    following = _following(position, rows, taken)
    if next_offset <= LAST_OFFSET:
        return Step(following.model_copy(update={"offset": next_offset}))
    return _next_window(section, following)


def is_last(position: Position, rows: tuple[Any, ...], next_offset: int | None) -> bool:
    """Return whether no works follow a page: it has no next one, and it does not lie at the wall."""
    return next_offset is None and position.offset + len(rows) < LAST_OFFSET


def step_from_memory(position: Position, rows: tuple[Any, ...], taken: list[int]) -> Step:
    """Return what follows a page that is remembered, whose offset is not known: a window from its last day on."""
    following = _following(position, rows, taken)
    return Step(following.model_copy(update={"until": following.seen, "offset": 0}) if rows else None)


def _following(position: Position, rows: tuple[Any, ...], taken: list[int]) -> Position:
    """Return the position after a page but for where its next page begins."""
    days = [day for day in map(day_of, rows) if day]
    seen = days[-1] if days else position.seen
    recent = (*(position.recent if seen == position.seen else ()), *taken)
    return position.model_copy(update={"seen": seen, "taken": position.taken + len(taken), "recent": recent})


def _next_window(section: Pixiv, position: Position) -> Step:
    """Return the window that ends on the day of the last work; the day before, if a whole window was of that day."""
    if position.seen is None:
        raise Poison("Pixiv says of no work in a search when it was posted")
    is_crowded = position.seen == (position.until or section.until)
    until = position.seen - timedelta(days=is_crowded)
    following = position.model_copy(update={"until": until, "offset": 0})
    is_last = section.since is not None and until < section.since
    return Step(None if is_last else following, position.seen if is_crowded else None)


def day_of(row: Any) -> date | None:
    """Return the day in Japan on which a work was posted; None if that is not said."""
    moment = moment_of(row)
    return moment and moment.date()


def moment_of(row: Any) -> datetime | None:
    """Return when a work was posted, by the clocks of Japan; None if that is not said."""
    try:
        return datetime.fromisoformat(row["create_date"]).astimezone(JAPAN)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
