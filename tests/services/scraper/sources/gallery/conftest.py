"""Sources that let gallery-dl list loopback boards over real connections."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from demo.board.messages import Answer, Around, Request, json_answer
from demo.board.pictures import noise
from demo.board.server import Server
from services.scraper.sources.gallery.source import GallerySource
from services.scraper.sources.source import Conditions
from services.scraper.web.hosts import Hosts
from shared.contract.egress_policy import EgressPolicy
from shared.recipe.gallery import GallerySource as Section
from tests.services.scraper.web.conftest import SkippedTime

LOOPBACK = EgressPolicy.of("127.0.0.1")
SEARCH = "/posts?tags=margot_(magritte)"
Open = Callable[..., GallerySource]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens a page of a board; fields of the recipe's section change what is wanted of it."""
    with ExitStack() as stack:

        def opened(
            address: str,
            stopping: Callable[[], bool] = lambda: False,
            egress: EgressPolicy = LOOPBACK,
            hosts: Hosts | None = None,
            **fields: Any,
        ) -> GallerySource:
            wanted = {"address": address, "software": "Danbooru", "pause": 0, **fields}
            time = SkippedTime()
            known = hosts or Hosts(time.clock, time.sleep)
            conditions = Conditions(2**26, stopping, egress, known, "anya@example.net")
            source = GallerySource(Section.model_validate({"gallery": wanted}), conditions)
            stack.callback(source.close)
            return source

        yield opened


class Moebooru(Server):
    """A board of another kind: numbered pages of 100 posts, which have no kinds of tags, and three ratings."""

    def __init__(self, posts: int, around: Around | None = None) -> None:
        super().__init__(self._answer, around)
        self.pictures = {number: noise(f"moebooru {number}", size=(8, 8)).make() for number in range(posts, 0, -1)}

    def _answer(self, request: Request) -> Answer:
        if request.path == "/post.json":
            first = 100 * (int(request.query.get("page", "1")) - 1)
            return json_answer([self._post(number) for number in list(self.pictures)[first : first + 100]])
        number = request.path.removeprefix("/image/").partition(".")[0]
        known = self.pictures.get(int(number)) if number.isdecimal() else None
        return Answer(200, known, {"Content-Type": "image/png"}) if known is not None else Answer(404, b"none")

    def _post(self, number: int) -> dict[str, Any]:
        data = self.pictures[number]
        return {
            "id": number,
            "tags": "margot solo" if number % 5 else "margot comic",
            "created_at": 1_700_000_000 + 60 * number,
            "rating": "q" if number % 10 == 1 else "s",
            "score": number,
            "md5": hashlib.md5(data).hexdigest(),
            "file_size": len(data),
            "file_url": f"{self.address}/image/{number}.png",
            "width": 8,
            "height": 8,
            "source": "",
            "status": "active",
        }
