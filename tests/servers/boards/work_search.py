"""Searches of the loopback Pixiv: words, days in Japan, pages of 30, and the wall of offsets."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from urllib.parse import urlencode

from tests.servers.boards.works import JST, Work

PAGE = 30
LAST_OFFSET = 5000
NEXT = "https://app-api.pixiv.net/v1/search/illust"
"""The host in addresses of next pages is the real one, wherever the board is."""

Keeps = Callable[[Work], bool]


class Refused(Exception):
    """A search that the board refuses: the parameter, and why."""


def offset_of(query: Mapping[str, str]) -> int:
    """The offset that is asked for; raises `Refused` beyond the wall."""
    offset = int(query.get("offset", "0"))
    if offset > LAST_OFFSET:
        raise Refused("offset", f"offset must be no more than {LAST_OFFSET}")
    return offset


def next_address(query: Mapping[str, str], offset: int) -> str:
    """The address of the page at an offset."""
    return f"{NEXT}?{urlencode({**query, 'offset': str(offset)})}"


def found(query: Mapping[str, str], works: Iterable[Work], is_premium: bool) -> list[Work]:
    """All works that are searched for, in the order that is asked for."""
    keeps: list[Keeps] = [*_words(query), *_days(query)]
    keeps.append(lambda work: not work.is_gone)
    if query.get("search_ai_type") == "1":
        keeps.append(lambda work: work.ai_type != 2)
    if is_premium and "bookmark_num_min" in query:
        keeps.append(lambda work: work.bookmarks >= int(query["bookmark_num_min"]))
    rows = [work for work in works if all(keep(work) for keep in keeps)]
    if is_premium and query.get("sort") == "popular_desc":
        return sorted(rows, key=lambda work: -work.bookmarks)
    return sorted(rows, key=lambda work: work.created_at, reverse=query.get("sort", "date_desc") != "date_asc")


def _words(query: Mapping[str, str]) -> list[Keeps]:
    if not query.get("word"):
        raise Refused("word", "word is needed")
    match = _MATCHES.get(query.get("search_target", "partial_match_for_tags"))
    if match is None:
        raise Refused("search_target", "search_target is not one of those that there are")
    return [_keeps(match, word) for word in query["word"].split()]


def _keeps(match: Callable[[Work, str], bool], word: str) -> Keeps:
    if word == "OR" or word.startswith("("):
        raise NotImplementedError("OR")
    bare = word.removeprefix("-")
    return lambda work: match(work, bare) is not word.startswith("-")


_MATCHES: dict[str, Callable[[Work, str], bool]] = {
    "partial_match_for_tags": lambda work, word: any(word in tag for tag in work.tags),
    "exact_match_for_tags": lambda work, word: word in work.tags,
    "title_and_caption": lambda work, word: word in work.title,
}


def _days(query: Mapping[str, str]) -> list[Keeps]:
    first, last = (_day(query, name) for name in ("start_date", "end_date"))
    return [
        lambda work: first is None or work.created_at.astimezone(JST).date() >= first,
        lambda work: last is None or work.created_at.astimezone(JST).date() <= last,
    ]


def _day(query: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(query[name]) if query.get(name) else None
    except ValueError:
        raise Refused(name, f"{name} is no day") from None
