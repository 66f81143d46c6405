"""Searches as Danbooru understands them: tags, wildcards, metatags, and how many of them are counted."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from functools import partial

from demo.board.pictures import FileFacts
from demo.board.posts import Post

Matches = Callable[[Post, "Facts"], bool]
Facts = Callable[[Post], FileFacts]

_FREE = {"rating", "status", "limit", "id", "date", "age", "filesize", "filetype", "parent", "md5", "width", "height"}
_FREE |= {"mpixels", "score", "favcount", "pixiv_id", "pixiv", "is"}
_NUMBERS: dict[str, Callable[[Post, "Facts"], float | None]] = {
    "id": lambda post, facts: post.id,
    "score": lambda post, facts: post.score,
    "favcount": lambda post, facts: post.fav_count,
    "width": lambda post, facts: facts(post).width,
    "height": lambda post, facts: facts(post).height,
    "mpixels": lambda post, facts: facts(post).width * facts(post).height / 1e6,
    "filesize": lambda post, facts: facts(post).bytes,
    "pixiv_id": lambda post, facts: post.pixiv_id,
    "pixiv": lambda post, facts: post.pixiv_id,
    "parent": lambda post, facts: post.parent_id,
}
_STATUSES: dict[str, Callable[[Post], bool]] = {
    "any": lambda post: True,
    "all": lambda post: True,
    "deleted": lambda post: post.is_deleted,
    "banned": lambda post: post.is_banned,
    "pending": lambda post: post.is_pending,
    "flagged": lambda post: post.is_flagged,
    "active": lambda post: not (post.is_deleted or post.is_pending or post.is_flagged),
}
_ELSEWHERE = {
    "user",
    "approver",
    "commenter",
    "pool",
    "fav",
    "ordfav",
    "favgroup",
    "search",
    "child",
    "ratio",
    "duration",
}
_ELSEWHERE |= {
    "embedded",
    "upvote",
    "downvote",
    "tagcount",
    "gentags",
    "arttags",
    "chartags",
    "copytags",
    "metatags",
    "has",
}
_OPERATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


class Nonsense(Exception):
    """A search, or a value in it, that cannot be parsed: the board finds nothing, and does not say so."""


@dataclass
class Search:
    """A search that has been parsed."""

    matches: list[Matches] = field(default_factory=list)
    order: str | None = None
    by_creation: bool = False
    counted: int = 0
    limit: int | None = None

    def finds(self, post: Post, facts: Facts) -> bool:
        """Return whether a post is found."""
        return all(match(post, facts) for match in self.matches)

    def exceeds(self, tag_limit: int | None) -> bool:
        """Return whether it has more tags than may be searched for."""
        return tag_limit is not None and self.counted > tag_limit


def parsed(text: str, now: datetime) -> Search:
    """Parse a search made at `now`, in the zone of who searches.

    Raises `Nonsense`, and `NotImplementedError` for what this board cannot do and Danbooru can.
    """
    search = Search()
    for word in _words(text):
        negated, word = word.startswith("-"), word.removeprefix("-")
        name, colon, value = word.partition(":")
        if colon and name.lower() in _FREE | {"order", "source"}:
            _add_metatag(search, name.lower(), value, negated, now)
        elif colon and name.lower() in _ELSEWHERE:
            raise NotImplementedError(f"the metatag {name}:")
        else:
            search.counted += 1
            search.matches.append(_negated(_tag(word.lower()), negated))
    return search


def _words(text: str) -> list[str]:
    if text.count('"') % 2:
        raise Nonsense("quotes")
    words = [word.replace('"', "") for word in re.findall(r'[^\s"]*"[^"]*"|\S+', text)]
    if any(word.startswith(("(", "-(")) or _surplus(word) for word in words):
        raise NotImplementedError("groups") if text.count("(") == text.count(")") else Nonsense("parentheses")
    if any(word.lower() in ("or", "and") or word.startswith("~") for word in words):
        raise NotImplementedError("or")
    if "-" in words:
        raise Nonsense("nothing after a minus")
    return words


def _surplus(word: str) -> bool:
    return word.count(")") > word.count("(")


def _tag(name: str) -> Matches:
    if "*" in name:
        return lambda post, facts: any(fnmatchcase(tag, name) for tag in post.all_tags)
    return lambda post, facts: name in post.all_tags


def _negated(match: Matches, negated: bool) -> Matches:
    return (lambda post, facts: not match(post, facts)) if negated else match


def _add_metatag(search: Search, name: str, value: str, negated: bool, now: datetime) -> None:
    search.counted += name not in _FREE
    if name == "order":
        search.order = value.lower()
    elif name == "limit":
        search.limit = int(_number(value))
    else:
        search.by_creation |= name in ("date", "age")
        search.matches.append(_negated(_metatag(name, value, now), negated))


def _metatag(name: str, value: str, now: datetime) -> Matches:
    if name in ("pixiv", "pixiv_id", "parent") and value.lower() in ("any", "none"):
        return lambda post, facts: (_NUMBERS[name](post, facts) is None) == (value.lower() == "none")
    if name in _NUMBERS:
        read, fits = _NUMBERS[name], _range(value, _size if name == "filesize" else _number)
        return lambda post, facts: (number := read(post, facts)) is not None and fits(number)
    if name in ("date", "age"):
        within = _dates(value, now.tzinfo) if name == "date" else _ages(value, now)
        return lambda post, facts: within(post.created_at.timestamp())
    return {"rating": _rating, "status": _status, "is": _is, "md5": _md5, "filetype": _filetype, "source": _source}[
        name
    ](value)


def _rating(value: str) -> Matches:
    ratings = {each[:1] for each in value.lower().split(",")}
    if not ratings <= set("gsqe"):
        raise Nonsense(value)
    return lambda post, facts: post.rating in ratings


def _status(value: str) -> Matches:
    if value.lower() not in _STATUSES:
        raise Nonsense(value)
    has = _STATUSES[value.lower()]
    return lambda post, facts: has(post)


def _is(value: str) -> Matches:
    return _rating(value) if value.lower() in ("general", "sensitive", "questionable", "explicit") else _status(value)


def _md5(value: str) -> Matches:
    asked = set(value.lower().split(","))
    return lambda post, facts: not post.is_hidden and facts(post).md5 in asked


def _filetype(value: str) -> Matches:
    asked = set(value.lower().split(","))
    return lambda post, facts: post.picture.extension in asked


def _source(value: str) -> Matches:
    if value.lower() == "none":
        return lambda post, facts: not post.source
    return lambda post, facts: fnmatchcase(post.source.lower(), value.lower() + "*")


def _range(value: str, read: Callable[[str], float]) -> Callable[[float], bool]:
    """Parse `5`, `5,6`, `>=5`, `5..9`, `5..` or `..9`."""
    if found := re.match(r"[<>]=?", value):
        compare, bound = _OPERATORS[found[0]], read(value[found.end() :])
        return lambda number: bool(compare(number, bound))
    first, dots, last = value.partition("..")
    if dots:
        low, high = read(first) if first else float("-inf"), read(last) if last else float("inf")
        return lambda number: low <= number <= high
    several = {read(each) for each in value.split(",")}
    return lambda number: number in several


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Nonsense(text) from None


def _size(text: str) -> float:
    units = {"kb": 1024, "k": 1024, "mb": 1024**2, "m": 1024**2, "b": 1}
    found = re.fullmatch(r"([\d.]+)([a-z]*)", text.lower())
    if not found or found[2] not in {"", *units}:
        raise Nonsense(text)
    return _number(found[1]) * units.get(found[2], 1)


def _dates(value: str, zone: tzinfo | None) -> Callable[[float], bool]:
    """Parse dates. A range ends at the first minute of its last day; a day alone is the whole day."""
    if re.match(r"[<>]", value) or ".." in value:
        return _range(value, partial(_midnight, zone=zone))
    start = _midnight(value, zone)
    end = (datetime.fromtimestamp(start, zone) + timedelta(days=1)).timestamp()
    return lambda time: start <= time < end


def _midnight(text: str, zone: tzinfo | None) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
    except ValueError:
        raise Nonsense(text) from None


def _ages(value: str, now: datetime) -> Callable[[float], bool]:
    fits = _range(value, _seconds)
    return lambda time: fits(now.timestamp() - time)


def _seconds(text: str) -> float:
    units = {"s": 1, "mi": 60, "h": 3600, "d": 86_400, "w": 604_800, "mo": 2_629_746, "y": 31_556_952}
    found = re.fullmatch(r"(\d+)(s|mi|h|d|w|mo|y)[a-z]*", text.lower())
    if not found:
        raise Nonsense(text)
    return int(found[1]) * units[found[2]]
