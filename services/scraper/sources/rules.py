"""Rules of recipes that hold for posts of any board. Pure."""

from collections.abc import Callable
from datetime import UTC, date
from typing import Protocol

from shared.contract.post import Post
from shared.contract.reasons import Drop, Reason


class Wanted(Protocol):
    """The part of a recipe's section that says which posts are wanted."""

    @property
    def exclude(self) -> tuple[str, ...]: ...
    @property
    def since(self) -> date | None: ...
    @property
    def until(self) -> date | None: ...
    @property
    def score(self) -> int | None: ...
    @property
    def favourites(self) -> int | None: ...
    @property
    def smallest(self) -> int | None: ...


def broken_rule(post: Post, wanted: Wanted) -> Drop | None:
    """Return the first rule of the recipe that a post breaks, None if it is wanted."""
    return next((drop for rule in _RULES if (drop := rule(post, wanted))), None)


def _artist(post: Post, wanted: Wanted) -> Drop | None:
    found = [artist.name for artist in post.artists if artist.name in wanted.exclude]
    return Drop(Reason.EXCLUDED_ARTIST, f"by {found[0]}, whom `exclude` names") if found else None


def _tags(post: Post, wanted: Wanted) -> Drop | None:
    tags = {tag for names in post.tags.values() for tag in names}
    found = [tag for tag in wanted.exclude if tag in tags]
    return Drop(Reason.EXCLUDED_TAG, f"has the tag {found[0]}, which `exclude` names") if found else None


def _dates(post: Post, wanted: Wanted) -> Drop | None:
    if wanted.since is None and wanted.until is None:
        return None
    day = post.created.astimezone(UTC).date() if post.created is not None else None
    if day is not None and (wanted.since or day) <= day <= (wanted.until or day):
        return None
    return Drop(Reason.OUTSIDE_DATES, f"posted on {day or 'a day that the board does not say'}")


def _score(post: Post, wanted: Wanted) -> Drop | None:
    return _least(post.score, wanted.score, "score", Reason.BELOW_SCORE)


def _favourites(post: Post, wanted: Wanted) -> Drop | None:
    return _least(post.favourites, wanted.favourites, "favourites", Reason.BELOW_FAVOURITES)


def _size(post: Post, wanted: Wanted) -> Drop | None:
    if wanted.smallest is None or not post.width or min(post.width, post.height) >= wanted.smallest:
        return None
    return Drop(Reason.TOO_SMALL, f"{post.width} x {post.height} pixels, `smallest` is {wanted.smallest}")


def _least(number: int | None, least: int | None, name: str, reason: Reason) -> Drop | None:
    if least is None or (number is not None and number >= least):
        return None
    return Drop(reason, f"{name} {'unknown' if number is None else number}, least is {least}")


_RULES: tuple[Callable[[Post, Wanted], Drop | None], ...] = (_artist, _tags, _dates, _score, _favourites, _size)
