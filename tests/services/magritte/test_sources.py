import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from services.magritte.sources import MARKERS
from shared.contract.errors import HostRefuses, RecipeError
from tests.servers.boards import faults
from tests.servers.boards.danbooru import Account, Danbooru, Fault, Faults, Mixture, Rules
from tests.servers.boards.danbooru_client import EVERYTHING
from tests.servers.boards.pixiv import REFRESH_TOKEN, Pixiv
from tests.servers.boards.works import Works
from tests.services.magritte.conftest import Magritte
from tests.services.scraper.sources.pixiv.conftest import section_of

MIXTURE = Mixture(posts=230, size=(16, 16), hidden=0.1, deleted=0)


@pytest.fixture(scope="module")
def board() -> Iterator[Danbooru]:
    """A board that no test changes."""
    with Danbooru(MIXTURE, Rules(accounts={"anya": Account("right", tag_limit=6)})) as board:
        yield board


@pytest.fixture(autouse=True)
def _within_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "127.0.0.1")


def recipe(folder: Path, board: Danbooru, *others: dict[str, Any], **fields: Any) -> str:
    wanted = {"tags": [EVERYTHING], "address": board.address, "pause": 0, **fields}
    path = folder / "margot.yaml"
    path.write_text(json.dumps({"name": "margot", "sources": [{"danbooru": wanted}, *others]}))
    return str(path)


def found(result: Result) -> dict[str, Any]:
    source: dict[str, Any] = json.loads(result.stdout)["sources"][0]
    return source


def test_a_preview_counts_every_post_by_what_would_become_of_it(
    magritte: Magritte, board: Danbooru, tmp_path: Path
) -> None:
    preview = found(magritte("sources", "preview", recipe(tmp_path, board, score=10), "--json"))
    visible = [post for post in board.posts if not post.is_hidden]
    taken = [post for post in visible if post.score >= 10]
    assert (preview["listed"], preview["pages"], preview["complete"]) == (230, 3, True)
    assert preview["taken"] == len(taken)
    assert preview["dropped"]["below-score"] == len(visible) - len(taken)
    assert preview["taken"] + sum(preview["dropped"].values()) == 230
    assert preview["bytes"] == sum(len(board.file(post)) for post in taken)
    assert sum(preview["artists"].values()) == preview["tags"]["solo"] == len(taken)
    assert preview["characters"] == {EVERYTHING: len(taken)}
    assert len(preview["thumbnails"]) == 12


def test_a_preview_asks_for_the_listing_alone(magritte: Magritte, board: Danbooru, tmp_path: Path) -> None:
    before = len(board.log)
    magritte("sources", "preview", recipe(tmp_path, board))
    assert [entry.path for entry in board.log[before:]] == ["/posts.json"] * 3
    assert not (tmp_path / "data").exists()


def test_some_pages_and_the_board_s_own_count_are_enough_for_a_glance(
    magritte: Magritte, board: Danbooru, tmp_path: Path
) -> None:
    before = len(board.log)
    written = recipe(tmp_path, board)
    result = magritte("sources", "preview", written, "--pages", "1")
    assert [entry.path for entry in board.log[before:]] == ["/posts.json", "/counts/posts.json"]
    assert "200 listed on the first 1 page, of about 230" in result.stdout
    preview = found(magritte("sources", "preview", written, "--pages", "1", "--json"))
    assert (preview["complete"], preview["counted"], preview["listed"]) == (False, 230, 200)


def test_a_count_that_the_board_does_not_know_is_said(magritte: Magritte, tmp_path: Path) -> None:
    with Danbooru(MIXTURE, Rules(counts_are_unknown=True)) as board:
        result = magritte("sources", "preview", recipe(tmp_path, board), "--pages", "1")
    assert "200 listed on the first 1 page, it is not known of how many" in result.stdout


def test_a_person_reads_fates_size_artists_and_what_is_to_be_seen(
    magritte: Magritte, board: Danbooru, tmp_path: Path
) -> None:
    shown = magritte("sources", "preview", recipe(tmp_path, board, favourites=20)).stdout
    assert f"sources[0], danbooru: {EVERYTHING} at {board.address}" in shown
    assert "230 listed, on 3 pages" in shown
    for words in (
        "taken",
        "dropped  below-favourites",
        "dropped  banned",
        " MB",
        "artists",
        "solo 100%",
        "blue_hair 100%",
    ):
        assert words in shown
    thumbnails = [line for line in shown.splitlines() if line.startswith(f"{board.address}/180x180/")]
    assert len(thumbnails) == 12
    assert all(line.endswith(".jpg") for line in thumbnails)


def test_tags_about_faces_are_shown_apart_from_all_others(magritte: Magritte, board: Danbooru, tmp_path: Path) -> None:
    lines = magritte("sources", "preview", recipe(tmp_path, board)).stdout.splitlines()
    faces = next(line for line in lines if line.split()[:1] == ["faces"])
    tags = next(line for line in lines if line.split()[:1] == ["tags"])
    assert "solo" in faces
    assert "solo" not in tags
    assert "upper_body" in MARKERS


def test_the_time_that_fetching_takes_follows_from_the_pause(
    magritte: Magritte, board: Danbooru, tmp_path: Path
) -> None:
    written = recipe(tmp_path, board, pause=0.1)
    preview = found(magritte("sources", "preview", written, "--json"))
    assert preview["seconds"] == pytest.approx(0.1 * (preview["pages"] + preview["taken"]))
    assert "at least 21 seconds, by the pauses" in magritte("sources", "preview", written).stdout


def test_artists_that_the_whole_recipe_excludes_are_not_taken(
    magritte: Magritte, board: Danbooru, tmp_path: Path
) -> None:
    written = Path(recipe(tmp_path, board))
    written.write_text(json.dumps(json.loads(written.read_text()) | {"exclude": {"artists": ["Artist_3"]}}))
    preview = found(magritte("sources", "preview", str(written), "--json"))
    assert preview["dropped"]["excluded-artist"] == sum("artist_3" in post.all_tags for post in board.posts)
    assert "artist_3" not in preview["artists"]


def test_other_sources_are_counted_too(magritte: Magritte, board: Danbooru, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"x")
    addresses = {"urls": ["https://example.net/a.png", "https://example.net/b.png"]}
    result = magritte("sources", "preview", recipe(tmp_path, board, {"folder": str(folder)}, addresses), "--json")
    assert [(each["kind"], each["taken"]) for each in json.loads(result.stdout)["sources"]][1:] == [
        ("folder", 1),
        ("address", 2),
    ]


def test_works_of_pixiv_are_counted_as_posts_are(
    magritte: Magritte, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGRITTE_PIXIV_REFRESH_TOKEN", REFRESH_TOKEN)
    with Pixiv(Works(works=20, limited=0, adult=0, by_ai=0)) as board:
        least = sorted(work.bookmarks for work in board.works.values())[10]
        wanted = section_of(board, bookmarks=least).model_dump(mode="json")
        (tmp_path / "margot.json").write_text(json.dumps({"name": "margot", "sources": [wanted]}))
        preview = found(magritte("sources", "preview", str(tmp_path / "margot.json"), "--json"))
        assert preview["taken"] + sum(preview["dropped"].values()) == preview["listed"] > 0
        assert preview["dropped"]["below-favourites"] > 0
        assert preview["without_size"] == preview["taken"]
        assert sum(preview["artists"].values()) == preview["taken"]
        assert len(board.files.log) == 0


def test_a_search_that_finds_nothing_is_said_on_standard_error(
    magritte: Magritte, board: Danbooru, tmp_path: Path
) -> None:
    result = magritte("sources", "preview", recipe(tmp_path, board, tags=["margto"]))
    assert "0 listed, on 1 page" in result.stdout
    assert "nothing found" in result.stderr
    assert "margto" in result.stderr


def test_an_account_of_the_environment_is_used(
    magritte: Magritte, board: Danbooru, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = recipe(tmp_path, board, tags=[EVERYTHING, "solo", "smile"])
    error = magritte("sources", "preview", written).exception
    assert isinstance(error, RecipeError)
    assert "margot.yaml:1: sources[0].danbooru: a search of 3 tags: without a login" in str(error)
    monkeypatch.setenv("MAGRITTE_DANBOORU_ADDRESS", board.address)
    monkeypatch.setenv("MAGRITTE_DANBOORU_LOGIN", "anya")
    monkeypatch.setenv("MAGRITTE_DANBOORU_API_KEY", "right")
    monkeypatch.setenv("MAGRITTE_CONTACT", "anya@example.net")
    assert found(magritte("sources", "preview", written, "--json"))["listed"] > 50
    assert "(+anya@example.net; account anya)" in board.log[-1].headers["user-agent"]


def test_a_board_that_keeps_programs_out_is_left_at_once(magritte: Magritte, tmp_path: Path) -> None:
    with Danbooru(MIXTURE, around=Faults(Fault(faults.challenge(), "/*"))) as board:
        error = magritte("sources", "preview", recipe(tmp_path, board)).exception
        assert isinstance(error, HostRefuses)
        assert len(board.log) == 1


def test_a_recipe_that_cannot_be_used_is_refused_before_anything_is_asked(
    magritte: Magritte, board: Danbooru, tmp_path: Path
) -> None:
    before = len(board.log)
    error = magritte("sources", "preview", recipe(tmp_path, board, ratings=["q"])).exception
    assert isinstance(error, RecipeError)
    assert len(board.log) == before
