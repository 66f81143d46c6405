"""The rules of a recipe's section, by which a post is taken or not. Pure."""

from collections.abc import Callable
from datetime import UTC

from shared.contract.post import Post
from shared.contract.reasons import Drop, Reason
from shared.recipe.danbooru import Danbooru


def broken_rule(post: Post, wanted: Danbooru) -> Drop | None:
    """Return the first rule of the recipe that a post breaks, None if it is wanted."""
    return next((drop for rule in _RULES if (drop := rule(post, wanted))), None)


def _rating(post: Post, wanted: Danbooru) -> Drop | None:
    if post.rating in wanted.ratings:
        return None
    return Drop(Reason.WRONG_RATING, f"rated {post.rating or 'nothing'}, not {' or '.join(wanted.ratings)}")


def _artist(post: Post, wanted: Danbooru) -> Drop | None:
    found = [artist.name for artist in post.artists if artist.name in wanted.exclude]
    return Drop(Reason.EXCLUDED_ARTIST, f"by {found[0]}, whom `exclude` names") if found else None


def _tags(post: Post, wanted: Danbooru) -> Drop | None:
    tags = {tag for names in post.tags.values() for tag in names}
    found = [tag for tag in wanted.exclude if tag in tags]
    return Drop(Reason.EXCLUDED_TAG, f"has the tag {found[0]}, which `exclude` names") if found else None


def _dates(post: Post, wanted: Danbooru) -> Drop | None:
    if wanted.since is None and wanted.until is None:
        return None
    day = post.created.astimezone(UTC).date() if post.created is not None else None
    if day is not None and (wanted.since or day) <= day <= (wanted.until or day):
        return None
    return Drop(Reason.OUTSIDE_DATES, f"posted on {day or 'a day that the board does not say'}")


def _score(post: Post, wanted: Danbooru) -> Drop | None:
    return _least(post.score, wanted.score, "score", Reason.BELOW_SCORE)


def _favourites(post: Post, wanted: Danbooru) -> Drop | None:
    return _least(post.favourites, wanted.favourites, "favourites", Reason.BELOW_FAVOURITES)


def _size(post: Post, wanted: Danbooru) -> Drop | None:
    if wanted.smallest is None or not post.width or min(post.width, post.height) >= wanted.smallest:
        return None
    return Drop(Reason.TOO_SMALL, f"{post.width} x {post.height} pixels, `smallest` is {wanted.smallest}")


def _least(number: int | None, least: int | None, name: str, reason: Reason) -> Drop | None:
    if least is None or (number is not None and number >= least):
        return None
    return Drop(reason, f"{name} {'unknown' if number is None else number}, least is {least}")


_RULES: tuple[Callable[[Post, Danbooru], Drop | None], ...] = (
    _rating,
    _artist,
    _tags,
    _dates,
    _score,
    _favourites,
    _size,
)
