"""Works of Pixiv as items of a listing: each page is one, refused by the recipe or not. Pure."""

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit, urlunsplit

from services.scraper.sources.pixiv.descriptions import Picture, Work
from services.scraper.sources.source import Item
from shared.contract.post import Artist, PixivPage, Post
from shared.contract.reasons import Drop, Reason
from shared.recipe.pixiv import Pixiv, PixivAddresses

MADE_BY_AI = 2
_STILL = frozenset({"illust", "manga"})
_ORIGINALS = "/img-original/"
"""In the path of every original; renditions and placeholders lie elsewhere."""
_REAL_PICTURES = PixivAddresses().pictures


def refusal(section: Pixiv, work: Work) -> Drop | None:
    """Return why a recipe does not want a work; None if it does."""
    found = _reason(section, work)
    return Drop(*found) if found is not None else None


def _reason(section: Pixiv, work: Work) -> tuple[Reason, str] | None:
    if work.restriction:
        return Reason.WRONG_RATING, f"x_restrict is {work.restriction}, and only 0 is for all ages"
    if work.kind not in _STILL:
        return Reason.NOT_A_STILL_PICTURE, f"the work is of the kind {work.kind[:40]}"
    if work.ai_type == MADE_BY_AI and not section.ai:
        return Reason.AI_MADE, "its artist says that it was made by AI"
    excluded = {tag.casefold() for tag in section.exclude}
    if found := [tag for tag in (*work.tags, *work.translated_tags) if tag.casefold() in excluded]:
        return Reason.EXCLUDED_TAG, f"has the tag {found[0][:80]}"
    return _unpopular(section, work)


def _unpopular(section: Pixiv, work: Work) -> tuple[Reason, str] | None:
    for reason, count, least, what in (
        (Reason.BELOW_FAVOURITES, work.bookmarks, section.bookmarks, "bookmarks"),
        (Reason.BELOW_VIEWS, work.views, section.views, "views"),
    ):
        if count is None and least:
            return reason, f"Pixiv does not say how many {what} there are, at least {least} are wanted"
        if count is not None and count < least:
            return reason, f"{count} {what}, at least {least} are wanted"
    return None


def items_of(section: Pixiv, work: Work, drop: Drop | None) -> Iterator[Item]:
    """Yield the pages of a work, refused by `drop` if there is one; what has no original to be seen is refused."""
    for number, picture in enumerate(work.pages):
        post = _post(section.addresses, work, number, picture)
        place = original_of(section.addresses, picture)
        yield Item(
            origin=f"{work.number}_p{number}",
            place=place or post.address,
            state={"file": place.partition(_ORIGINALS)[2]} if place else {},
            score=section.score_of_copies,
            post=post,
            drop=drop if place or drop else limited("Pixiv shows no original of this page"),
        )


def unreadable_item(section: Pixiv, number: int | date, drop: Drop | None, trouble: Exception | None = None) -> Item:
    """Return the item of a work of which nothing is known but its number, or of a day that has too many."""
    place = _page_address(section.addresses, number)
    return Item(f"{number}_p0", place, score=section.score_of_copies, drop=drop, trouble=trouble)


def limited(why: str) -> Drop:
    """Return the drop of what Pixiv does not show to everybody."""
    return Drop(Reason.LIMITED_BY_BOARD, why)


def original_of(board: PixivAddresses, picture: Picture) -> str:
    """Return the address of a page's original, at the host that the recipe names; empty if there is none."""
    parts = urlsplit(picture.original)
    if _ORIGINALS not in parts.path:
        return ""
    if f"{parts.scheme}://{parts.netloc}" == _REAL_PICTURES:
        return board.pictures + urlunsplit(("", "", parts.path, parts.query, ""))
    return picture.original


def _post(board: PixivAddresses, work: Work, number: int, picture: Picture) -> Post:
    tags = {"general": work.tags, "translated": work.translated_tags}
    return Post(
        board="pixiv",
        number=work.number,
        page=number,
        address=_page_address(board, work.number),
        title=work.title,
        artists=(Artist(name=work.artist_name, address=f"{board.web}/users/{work.artist}"),),
        tags={kind: names for kind, names in tags.items() if names},
        rating=str(work.restriction),
        favourites=work.bookmarks,
        views=work.views,
        created=work.created,
        width=picture.width,
        height=picture.height,
        thumbnail=picture.thumbnail,
        pixiv=PixivPage(work=work.number, number=number),
    )


def _page_address(board: PixivAddresses, number: int | date) -> str:
    return f"{board.web}/artworks/{number}"
