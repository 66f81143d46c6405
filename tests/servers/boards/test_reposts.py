"""Posts that come from works know the work, and some of them the page."""

from demo.board.posts import Mixture
from tests.servers.boards.conftest import Connect
from tests.servers.boards.danbooru import Danbooru
from tests.servers.boards.pixiv import Pixiv
from tests.servers.boards.reposts import reposts_of
from tests.servers.boards.works import Works


def test_a_page_that_is_on_two_boards_is_the_same_file(connect: Connect) -> None:
    works = Pixiv(Works(works=60, size=(8, 8)))
    with works, Danbooru(reposts_of(works.works.values(), Mixture(hidden=0))) as posts:
        client = connect(posts.address)
        rows = client.get("/posts.json", params={"limit": 200}).json()
        named = [row for row in rows if "_p" in row["source"]]
        assert 0 < len(named) < len(rows)
        for row in named:
            page = int(row["source"].rpartition("_p")[2].partition(".")[0])
            assert client.get(row["file_url"]).content == works.file(works.works[row["pixiv_id"]], page)
    assert all(row["source"].endswith(f"/artworks/{row['pixiv_id']}") for row in rows if row not in named)
    assert len({row["pixiv_id"] for row in rows}) < len(rows)
