"""Works of the loopback Pixiv: what there is to know about each, and as many of them as are wanted by a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random

from demo.board.pictures import Picture, noise

JST = timezone(timedelta(hours=9))
FIRST = datetime(2023, 1, 1, 1, tzinfo=JST)
FIRST_ID = 104_000_000


@dataclass(frozen=True)
class Work:
    """A work: one picture or several, each with an extension of its own."""

    id: int
    created_at: datetime
    pages: tuple[Picture, ...]
    tags: tuple[str, ...]
    title: str = "untitled"
    kind: str = "illust"
    """illust, manga, or ugoira, which is a picture that moves."""
    user_id: int = 11
    bookmarks: int = 0
    views: int = 0
    x_restrict: int = 0
    """0 for everybody, 1 is R-18, 2 is R-18G."""
    ai_type: int = 1
    """0 is from before the question was asked, 1 is drawn, 2 is made by AI."""
    is_limited: bool = False
    """Whether the app shows a placeholder in its place."""
    is_gone: bool = False

    @property
    def folder(self) -> str:
        """The part of a page's address that comes from the date."""
        return f"{self.created_at.astimezone(JST):%Y/%m/%d/%H/%M/%S}"

    def file_name(self, page: int) -> str:
        """The name of a page's file without its extension."""
        return f"{self.id}_{'ugoira' if self.kind == 'ugoira' else 'p'}{page}"


@dataclass(frozen=True)
class Works:
    """How many works there are, and about which share of them is of which kind."""

    works: int = 240
    seed: int = 1
    tag: str = "マルゴ"
    limited: float = 0.03
    adult: float = 0.05
    by_ai: float = 0.1
    moving: float = 0.03
    most_pages: int = 4
    size: tuple[int, int] = (64, 64)
    hours_apart: float = 3


def works_of(mixture: Works) -> Iterator[Work]:
    """The works of a board, the oldest first; the same for the same mixture."""
    for number in range(mixture.works):
        yield work(mixture, number)


def work(mixture: Works, number: int) -> Work:
    """The work that comes after `number` others."""
    random = Random(f"work {mixture.seed} {number}")
    bookmarks = int(random.lognormvariate(7, 1.5))
    kind = "ugoira" if random.random() < mixture.moving else random.choice(["illust"] * 4 + ["manga"])
    pages = 1 if kind == "ugoira" else random.choice([1, 1, 1, random.randint(1, mixture.most_pages)])
    return Work(
        id=FIRST_ID + 11 * number + random.randrange(11),
        created_at=FIRST + timedelta(hours=mixture.hours_apart * number, seconds=random.randrange(3600)),
        pages=tuple(_page(mixture, number, page, random) for page in range(pages)),
        tags=_tags(mixture.tag, bookmarks, random),
        title=f"Margot no. {number}",
        kind=kind,
        user_id=random.randrange(10, 40),
        bookmarks=bookmarks,
        views=bookmarks * random.randint(3, 12),
        x_restrict=int(random.random() < mixture.adult),
        ai_type=2 if random.random() < mixture.by_ai else random.choice([0, 1, 1, 1]),
        is_limited=random.random() < mixture.limited,
    )


def _page(mixture: Works, number: int, page: int, random: Random) -> Picture:
    return noise(f"work {mixture.seed} {number} {page}", random.choice(["png", "jpg"]), mixture.size)


def _tags(tag: str, bookmarks: int, random: Random) -> tuple[str, ...]:
    """The tags: that of the bookmarks is given by people, and so often missing."""
    steps = [step for step in (100, 1000, 5000, 10_000) if bookmarks >= step]
    popular = (f"{tag}{steps[-1]}users入り",) if steps and random.random() < 0.6 else ()
    return (tag, random.choice(["女の子", "青髪", "リボン"]), "オリジナル", *popular)
