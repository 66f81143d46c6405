"""The loopback Danbooru behaves as Danbooru does: each test is a fact about the real one."""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from demo.board.pictures import noise
from demo.board.posts import TAKEN_DOWN, posts_of_files
from demo.pictures import drawing
from tests.servers.boards.conftest import Connect
from tests.servers.boards.danbooru import Account, Danbooru, Mixture, Post, Rules
from tests.servers.boards.danbooru_client import EVERYTHING, SMALL, found, ids, some_posts


@pytest.fixture(scope="module")
def board() -> Iterator[Danbooru]:
    """A board that no test changes."""
    accounts = {
        "anya": Account("right", tag_limit=6, page_limit=5000),
        "tokyo": Account("right", zone="Asia/Tokyo"),
        "careful": Account("right", is_in_safe_mode=True),
        "gold": Account("right", sees_restricted=True),
    }
    with Danbooru(SMALL, Rules(accounts=accounts)) as board:
        yield board


@pytest.fixture
def client(board: Danbooru, connect: Connect) -> httpx.Client:
    return connect(board.address)


def test_the_same_seed_makes_the_same_board(board: Danbooru, client: httpx.Client, connect: Connect) -> None:
    with Danbooru(SMALL) as again, Danbooru(Mixture(posts=120, seed=2, size=(16, 16))) as other:
        rows = [
            [(row["id"], row.get("md5")) for row in found(each, "")] for each in map(client_of(connect), [again, other])
        ]
    assert rows[0] == [(row["id"], row.get("md5")) for row in found(client, "")]
    assert rows[1] != rows[0]


def client_of(connect: Connect) -> Any:
    return lambda board: connect(board.address)


def test_an_account_may_be_in_safe_mode(client: httpx.Client) -> None:
    assert {row["rating"] for row in found(client, "", login="careful", api_key="right")} == {"g"}
    assert {row["rating"] for row in found(client, "")} > {"g"}


def test_a_paying_account_sees_what_restricted_tags_hide_and_nothing_else_that_is_hidden(
    board: Danbooru, client: httpx.Client
) -> None:
    rows = found(client, "", login="gold", api_key="right")
    hidden = {post.id for post in board.posts if post.is_hidden}
    restricted = {post.id for post in board.posts if post.is_restricted}
    assert {row["id"] for row in rows if "md5" not in row} == hidden - restricted != hidden


def test_a_wrong_key_is_401(client: httpx.Client) -> None:
    wrong = {"login": "anya", "api_key": "wrong"}
    assert client.get("/posts.json", params=wrong).status_code == 401
    assert client.get("/posts.json", auth=("anya", "wrong")).status_code == 401
    assert client.get("/posts.json", auth=("anya", "right")).status_code == 200


def test_deleted_posts_are_found_with_their_files_unless_left_out(client: httpx.Client) -> None:
    deleted = [row for row in found(client, "") if row["is_deleted"]]
    assert deleted
    assert any("file_url" in row for row in deleted)
    assert not any(row["is_deleted"] for row in found(client, "-status:deleted"))
    assert ids(client, "status:deleted") == [row["id"] for row in deleted]
    assert len(ids(client, "status:any")) == 120


def test_hidden_posts_lack_addresses_and_md5_and_say_why(board: Danbooru, client: httpx.Client) -> None:
    rows = {row["id"]: row for row in found(client, "")}
    hidden = [post for post in board.posts if post.is_hidden]
    assert {(rows[post.id]["is_banned"], rows[post.id]["bit_flags"] & TAKEN_DOWN) for post in hidden} == {
        (True, 0),
        (False, TAKEN_DOWN),
        (False, 0),
    }
    for post in hidden:
        assert rows[post.id].keys().isdisjoint({"md5", "file_url", "large_file_url", "preview_file_url"})
        assert rows[post.id]["media_asset"]["pixel_hash"]
        assert rows[post.id]["media_asset"].keys().isdisjoint({"variants", "md5"})


def test_only_chooses_fields_and_leaves_nothing_but_the_id_of_a_hidden_post(
    board: Danbooru, client: httpx.Client
) -> None:
    hidden = {post.id for post in board.posts if post.is_hidden}
    for row in found(client, "", only="id,md5,file_url"):
        assert row.keys() == ({"id"} if row["id"] in hidden else {"id", "md5", "file_url"})
    row = found(client, "", only="id,is_banned,bit_flags,media_asset[pixel_hash,image_width]")[0]
    assert row.keys() == {"id", "is_banned", "bit_flags", "media_asset"}
    assert row["media_asset"].keys() == {"pixel_hash", "image_width"}


def test_safe_mode_leaves_the_general_rating_and_hides_the_rest(board: Danbooru, client: httpx.Client) -> None:
    assert {row["rating"] for row in found(client, "", safe_mode="true")} == {"g"}
    other = next(post for post in board.posts if post.rating != "g" and not post.is_hidden)
    assert "md5" not in client.get(f"/posts/{other.id}.json", params={"safe_mode": "true"}).json()
    assert "md5" in client.get(f"/posts/{other.id}.json").json()


@pytest.mark.parametrize(
    "name",
    [
        "python-requests/2.32",
        "python-httpx/0.28",
        "Python/3.11 aiohttp/3.9",
        "Python-urllib/3.11",
        "Mozilla/5.0 (X11)",
        "",
    ],
)
def test_nameless_programs_and_browsers_meet_a_challenge(board: Danbooru, connect: Connect, name: str) -> None:
    answer = connect(board.address, name).get("/posts.json")
    assert (answer.status_code, answer.headers["cf-mitigated"]) == (403, "challenge")


def test_a_name_of_its_own_lets_a_program_pass(board: Danbooru, connect: Connect) -> None:
    assert connect(board.address, "Magritte/0.1 (+python-httpx/0.28.1)").get("/posts.json").status_code == 200


def test_robots_txt_keeps_crawlers_from_the_api(client: httpx.Client) -> None:
    assert "Disallow: /*.json" in client.get("/robots.txt").text


def test_tags_are_found_by_name_and_by_pattern_with_kind_and_count(client: httpx.Client) -> None:
    (tag,) = client.get("/tags.json", params={"search[name]": EVERYTHING}).json()
    assert (tag["post_count"], tag["category"]) == (120, 4)
    names = [tag["name"] for tag in client.get("/tags.json", params={"search[name_matches]": "m*"}).json()]
    assert names == ["magritte_(series)", "margot_(magritte)"]
    assert client.get("/tags.json", params={"search[name]": "nobody"}).json() == []


def test_related_tags_say_how_often_they_come_along(client: httpx.Client) -> None:
    answer = client.get("/related_tag.json", params={"query": EVERYTHING}).json()
    frequencies = {each["tag"]["name"]: each["frequency"] for each in answer["related_tags"]}
    assert frequencies["solo"] == 1
    assert 0 < frequencies["smile"] < 1


def test_a_post_that_does_not_exist_is_404(client: httpx.Client) -> None:
    assert client.get("/posts/1.json").status_code == 404


def test_a_file_has_the_md5_and_size_of_its_listing(client: httpx.Client) -> None:
    row = next(row for row in found(client, "") if "md5" in row)
    file = client.get(row["file_url"]).content
    assert (hashlib.md5(file).hexdigest(), len(file)) == (row["md5"], row["file_size"])


def test_samples_and_previews_are_other_files(client: httpx.Client) -> None:
    row = next(row for row in found(client, "") if "md5" in row)
    for name in ("large_file_url", "preview_file_url"):
        answer = client.get(row[name])
        assert answer.headers["content-type"] == "image/jpeg"
        assert hashlib.md5(answer.content).hexdigest() != row["md5"]


def test_a_replaced_file_has_a_new_md5_and_the_old_one_is_gone(connect: Connect) -> None:
    with Danbooru(some_posts(3)) as board:
        client = connect(board.address)
        old = client.get("/posts/101.json").json()
        assert client.get(old["file_url"]).status_code == 200
        board.replace_file(101, noise("another", size=(16, 16)))
        new = client.get("/posts/101.json").json()
        assert new["md5"] != old["md5"]
        assert client.get(old["file_url"]).status_code == 404
        assert hashlib.md5(client.get(new["file_url"]).content).hexdigest() == new["md5"]


def test_new_posts_and_changed_counts_are_seen_at_once(connect: Connect) -> None:
    with Danbooru(some_posts(3)) as board:
        client = connect(board.address)
        board.change(100, fav_count=77)
        board.put(Post(500, datetime.now(UTC), noise("new", size=(16, 16)), {"character": ("margot",)}))
        assert [row["id"] for row in found(client, "margot")] == [500, 102, 101, 100]
        assert ids(client, "favcount:>=77") == [100]


def test_a_board_may_grow_as_if_it_had_been_larger(connect: Connect) -> None:
    with Danbooru(Mixture(posts=10, size=(4, 4))) as board, Danbooru(Mixture(posts=13, size=(4, 4))) as larger:
        assert [post.id for post in board.add(3)] == ids(connect(larger.address), "", limit=3)
        assert found(connect(board.address), "", only="id,md5") == found(connect(larger.address), "", only="id,md5")


def test_files_may_lie_on_another_host(connect: Connect) -> None:
    with Danbooru(some_posts(2), files_host="127.0.0.2") as board:
        client = connect(board.address)
        file = found(client, "margot")[0]["file_url"]
        assert file.startswith("http://127.0.0.2:")
        assert client.get(file).status_code == 200
        assert [len(board.log), len(board.files.log)] == [1, 1]


def test_the_source_names_the_work_and_the_page(client: httpx.Client) -> None:
    row = next(row for row in found(client, "") if row["pixiv_id"])
    assert f"/{row['pixiv_id']}_p" in row["source"]


def test_a_parent_and_its_child_know_each_other(client: httpx.Client) -> None:
    rows = {row["id"]: row for row in found(client, "")}
    children = [row for row in rows.values() if row["parent_id"]]
    assert children
    assert all(rows[row["parent_id"]]["has_children"] for row in children)
    assert sum(row["has_children"] for row in rows.values()) == len(children)


def test_a_board_can_be_made_of_files(tmp_path: Path, connect: Connect) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(noise(str(number), size=(20, 30)).make())
    with Danbooru(posts_of_files(sorted(tmp_path.iterdir()), Mixture(posts=3, hidden=0))) as board:
        client = connect(board.address)
        rows = found(client, EVERYTHING, page="b99999999")
        assert {(row["image_width"], row["image_height"]) for row in rows} == {(20, 30)}
        files = [client.get(row["file_url"]).content for row in rows]
    assert files == [(tmp_path / f"{number}.png").read_bytes() for number in (2, 1, 0)]


def test_a_board_can_show_the_demo_s_character(connect: Connect) -> None:
    with Danbooru(Mixture(posts=1, drawn=True, hidden=0)) as board:
        client = connect(board.address)
        row = found(client, "")[0]
        assert client.get(row["file_url"]).content == drawing(0)
    assert row["image_width"] >= 600


def test_a_board_may_have_files_of_several_types(connect: Connect) -> None:
    extensions = ("png", "jpg", "gif", "webp")
    with Danbooru(Mixture(posts=8, hidden=0, size=(16, 16), extensions=extensions)) as board:
        client = connect(board.address)
        rows = found(client, "filetype:gif,webp")
        assert [row["file_ext"] for row in rows] == ["webp", "gif"] * 2
        types = {client.get(row["file_url"]).headers["content-type"] for row in found(client, "")}
        kinds = {Image.open(io.BytesIO(client.get(row["file_url"]).content)).format for row in found(client, "")}
    assert types == {"image/png", "image/jpeg", "image/gif", "image/webp"}
    assert kinds == {"PNG", "JPEG", "GIF", "WEBP"}
