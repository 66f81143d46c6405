"""Posts of a board: what there is to know about each, and boards full of them by a seed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random

from demo.board.pictures import Picture, drawn, noise

KINDS = ("general", "artist", "copyright", "character", "meta")
TAKEN_DOWN = 4
"""The bit of `bit_flags` that says that a post was taken down."""

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_POSTURES = ["smile", "looking_at_viewer", "upper_body", "blush", "open_mouth", "hat", "outdoors", "simple_background"]
_LOOKS = ["1girl", "solo", "blue_hair", "red_eyes", "hair_ribbon"]


@dataclass(frozen=True)
class Post:
    """A post. `tags` has the tags by kind."""

    id: int
    created_at: datetime
    picture: Picture
    tags: Mapping[str, tuple[str, ...]]
    updated_at: datetime = FIRST_DAY
    rating: str = "g"
    up_score: int = 0
    down_score: int = 0
    fav_count: int = 0
    source: str = ""
    pixiv_id: int | None = None
    parent_id: int | None = None
    has_children: bool = False
    is_deleted: bool = False
    is_banned: bool = False
    is_pending: bool = False
    is_flagged: bool = False
    bit_flags: int = 0
    is_restricted: bool = False
    """Whether one of its tags hides it from all but paying accounts; no field of the API says so."""

    @property
    def score(self) -> int:
        """Votes for the post less those against it, which are below zero."""
        return self.up_score + self.down_score

    @cached_property
    def all_tags(self) -> frozenset[str]:
        """All tags of all kinds."""
        return frozenset(tag for tags in self.tags.values() for tag in tags)

    @property
    def is_hidden(self) -> bool:
        """True if anonymous visitors see neither the file's address nor its MD5."""
        return self.is_banned or self.is_restricted or bool(self.bit_flags & TAKEN_DOWN)


@dataclass(frozen=True)
class Mixture:
    """A board's posts: how many there are, and about which share of them is of which kind."""

    posts: int = 450
    seed: int = 1
    tag: str = "margot_(magritte)"
    hidden: float = 0.03
    deleted: float = 0.04
    from_pixiv: float = 0.3
    ratings: Mapping[str, float] = field(default_factory=lambda: {"g": 1.0})
    extensions: tuple[str, ...] = ("png",)
    size: tuple[int, int] = (256, 256)
    drawn: bool = False
    first_id: int = 1_000_000


def posts_of(mixture: Mixture) -> Iterator[Post]:
    """Yield the posts of a board, the oldest first; the same for the same mixture."""
    for number in range(mixture.posts):
        yield _post(mixture, number)


def posts_of_files(files: Iterable[Path], mixture: Mixture) -> Iterator[Post]:
    """Yield a post for each of some picture files, as `mixture` has them: the demo draws its own before it begins."""
    for number, file in enumerate(files):
        picture = Picture(str(file), file.suffix.removeprefix("."), file.read_bytes)
        yield replace(_post(mixture, number), picture=picture)


def _post(mixture: Mixture, number: int) -> Post:
    random = Random(f"post {mixture.seed} {number}")
    picture = drawn(number) if mixture.drawn else _noise(mixture, number)
    # Most posts are created in the order of their ids, some were uploaded long before they were posted.
    late = random.choice([0] * 29 + [400])
    created = FIRST_DAY + timedelta(hours=6.5 * number - late, minutes=random.randrange(60))
    is_pixiv = random.random() < mixture.from_pixiv
    work = 90_000_000 + number // 2
    hidden_by = random.choice(["wish", "takedown", "tag"]) if random.random() < mixture.hidden else ""
    return Post(
        id=_id(mixture, number),
        created_at=created,
        updated_at=created + timedelta(days=random.randrange(90)),
        picture=picture,
        tags=_tags(mixture, random),
        rating=random.choices(list(mixture.ratings), list(mixture.ratings.values()))[0],
        up_score=int(random.lognormvariate(2.5, 1)),
        down_score=-random.choice([0, 0, 0, 1, 2]),
        fav_count=int(random.lognormvariate(2.7, 1)),
        source=_pixiv_source(work, number % 2, picture.extension) if is_pixiv else f"https://example.net/art/{number}",
        pixiv_id=work if is_pixiv else None,
        parent_id=_id(mixture, number - 1) if number % 20 == 1 else None,
        has_children=number % 20 == 0 and number + 1 < mixture.posts,
        is_deleted=random.random() < mixture.deleted,
        is_banned=hidden_by == "wish",
        bit_flags=TAKEN_DOWN if hidden_by == "takedown" else 0,
        is_restricted=hidden_by == "tag",
    )


def _id(mixture: Mixture, number: int) -> int:
    return mixture.first_id + 7 * number + Random(f"id {mixture.seed} {number}").randrange(7)


def _noise(mixture: Mixture, number: int) -> Picture:
    extension = mixture.extensions[number % len(mixture.extensions)]
    return noise(f"{mixture.seed} {number}", extension, mixture.size)


def _tags(mixture: Mixture, random: Random) -> dict[str, tuple[str, ...]]:
    return {
        "general": (*_LOOKS, *sorted(random.sample(_POSTURES, 3))),
        "artist": (f"artist_{random.randrange(40)}",),
        "copyright": ("magritte_(series)",),
        "character": (mixture.tag,),
        "meta": ("highres",) if random.random() < 0.5 else (),
    }


def _pixiv_source(work: int, page: int, extension: str) -> str:
    return f"https://i.pximg.net/img-original/img/2024/01/01/00/00/00/{work}_p{page}.{extension}"
