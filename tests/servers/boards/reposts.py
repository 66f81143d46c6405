"""Pages of works that are posted at the Danbooru too: the same files on two boards."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from demo.board.posts import Mixture, Post, posts_of
from tests.servers.boards.works import Work


def reposts_of(works: Iterable[Work], mixture: Mixture, share: float = 0.3, names_page: float = 0.7) -> Iterator[Post]:
    """Posts of a share of the pages of works, one after the other, otherwise as `mixture` has them.

    All of them know the work by `pixiv_id`. Only of the share `names_page` the source says which page it is.
    """
    random = Random(f"reposts {mixture.seed}")
    pages = [(work, page) for work in works for page in range(len(work.pages)) if random.random() < share]
    for post, (work, page) in zip(posts_of(replace(mixture, posts=len(pages))), pages, strict=True):
        file = f"https://i.pximg.net/img-original/img/{work.folder}/{work.id}_p{page}.{work.pages[page].extension}"
        source = file if random.random() < names_page else f"https://www.pixiv.net/artworks/{work.id}"
        yield replace(post, picture=work.pages[page], pixiv_id=work.id, source=source)
