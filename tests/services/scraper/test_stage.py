import hashlib
import io
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from services.scraper.sources import SOURCES, Fetched, Item, Page
from services.scraper.sources.folder import FolderSource
from services.scraper.stage import Scraper
from shared.contract import keys
from shared.contract.errors import Interrupted
from shared.contract.messages import ImageDropped, ImageFetched, Message, RunRequested, SourceExhausted
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Death, sentence
from shared.recipe import sources as recipe_of_sources
from shared.recipe.recipe import Recipe
from shared.store import FolderStore
from tests.freshness import stale
from tests.services.scraper.conftest import Handler, Picture, Scrape, Server, scraping

REQUEST = RunRequested(run="run-001", source=0)


@pytest.fixture
def folder(tmp_path: Path, picture: Picture) -> Path:
    """Three pictures, two of them the same, and four files that are none."""
    files = {
        "a/1.png": picture(1),
        "a/b/1.jpg": picture(2, "JPEG"),
        "again.png": picture(1),
        "empty.png": b"",
        "page.jpg": b"<html><body>404</body></html>",
        "small.png": picture(3, size=(20, 20)),
        "wide.png": picture(4, size=(1000, 100)),
    }
    for name, data in files.items():
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "pictures"


def _outcomes(messages: list[Message]) -> list[str]:
    """The image or the reason of every message about an entry."""
    about = [message for message in messages if isinstance(message, ImageFetched | ImageDropped)]
    return [message.image if isinstance(message, ImageFetched) else message.reason for message in about]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_every_file_has_exactly_one_fate(folder: Path, scrape: Scrape, picture: Picture) -> None:
    messages = scrape({"folder": folder})
    assert _outcomes(messages) == [
        _digest(picture(1)),
        _digest(picture(2, "JPEG")),
        _digest(picture(1)),
        Reason.EMPTY_FILE,
        Reason.NOT_A_PICTURE,
        Reason.TOO_SMALL,
        Reason.TOO_ELONGATED,
    ]
    assert messages[-1] == SourceExhausted(run="run-001", source=0, count=7)
    assert len({message.item for message in messages[:-1]}) == 7


def test_originals_are_kept_byte_for_byte(folder: Path, scrape: Scrape, store: FolderStore) -> None:
    scrape({"folder": folder})
    for name in ("a/1.png", "a/b/1.jpg"):
        data = (folder / name).read_bytes()
        assert store.get(keys.original(_digest(data))) == data
    assert len(list(store.list("originals/"))) == 2


def test_every_place_of_an_original_is_kept(folder: Path, scrape: Scrape, store: FolderStore) -> None:
    first, _, again, *_ = scrape({"folder": folder, "score": 5})
    assert isinstance(first, ImageFetched)
    listed = json.loads(store.get(keys.listing("run-001", 0)))["entries"]
    records = {entry: found["provenance"] for entry, found in listed.items() if found.get("image") == first.image}
    assert {entry: record["origin"] for entry, record in records.items()} == {
        str(first.item): "a/1.png",
        str(again.item): "again.png",
    }
    assert {record["score"] for record in records.values()} == {first.score} == {5}


def test_the_listing_says_what_came_of_every_entry(folder: Path, scrape: Scrape, store: FolderStore) -> None:
    messages = scrape({"folder": folder})
    listing = json.loads(store.get(keys.listing("run-001", 0)))
    assert listing["count"] == 7
    assert list(listing["entries"]) == [str(message.item) for message in messages[:-1]]
    assert listing["entries"][str(messages[0].item)]["origin"] == "a/1.png"
    assert listing["entries"][str(messages[3].item)]["reason"] == "empty-file"


def test_moving_the_folder_changes_no_entry(folder: Path, scrape: Scrape, tmp_path: Path) -> None:
    before = scrape({"folder": folder})
    folder.rename(tmp_path / "moved")
    after = scrape({"folder": tmp_path / "moved"}, run="run-002")
    assert [message.item for message in after] == [message.item for message in before]


def test_files_of_the_same_name_in_two_sources_are_two_entries(folder: Path, scrape: Scrape) -> None:
    sources = {"folder": folder}, {"folder": folder, "score": 3}
    first, second = scrape(*sources, source=0), scrape(*sources, source=1)
    assert not {message.item for message in first[:-1]} & {message.item for message in second[:-1]}
    assert _outcomes(first) == _outcomes(second)
    assert isinstance(second[0], ImageFetched)
    assert (second[0].source, second[0].score) == (1, 3)


def _spoil(folder: Path) -> None:
    """Replace what is in the files, so that reading one shows, but nothing that can be seen without reading."""
    for path in folder.rglob("*.*"):
        before = path.stat()
        path.write_bytes(b"x" * before.st_size)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_second_run_with_another_crop_reads_no_file_again(folder: Path, scrape: Scrape) -> None:
    before = scrape({"folder": folder})
    _spoil(folder)
    after = scrape({"folder": folder}, run="run-002", faces={"expand": {"top": 0.6}})
    assert [message.model_copy(update={"run": "run-001"}) for message in after] == stale(before)


def test_a_file_that_has_changed_is_read_again(folder: Path, scrape: Scrape, picture: Picture) -> None:
    scrape({"folder": folder})
    (folder / "a/1.png").write_bytes(picture(9))
    os.utime(folder / "a/1.png", ns=(0, 0))
    assert _outcomes(scrape({"folder": folder}, run="run-002"))[0] == _digest(picture(9))


def test_other_limits_are_judged_by_the_stored_originals(folder: Path, scrape: Scrape, picture: Picture) -> None:
    scrape({"folder": folder})
    _spoil(folder)
    strict = scrape({"folder": folder}, run="run-002", pictures={"smallest": 110})
    assert _outcomes(strict)[:3] == [Reason.TOO_SMALL] * 3
    lenient = scrape({"folder": folder}, run="run-003", pictures={"smallest": 64})
    assert _outcomes(lenient)[0] == _digest(picture(1))


def test_once_listed_the_source_is_not_looked_at_again(folder: Path, scrape: Scrape) -> None:
    before = scrape({"folder": folder})
    shutil.rmtree(folder)
    assert scrape({"folder": folder}) == stale(before)


def test_a_damaged_listing_is_made_again(folder: Path, scrape: Scrape, store: FolderStore) -> None:
    before = scrape({"folder": folder})
    listing = store.get(keys.listing("run-001", 0))
    store.put(keys.listing("run-001", 0), listing[:50])
    assert scrape({"folder": folder}) == stale(before)
    assert store.get(keys.listing("run-001", 0)) == listing


def test_an_original_is_fresh_when_it_comes_into_the_store_and_not_again(folder: Path, scrape: Scrape) -> None:
    first, again = (
        [message.fresh for message in scrape({"folder": folder}, run=run) if isinstance(message, ImageFetched)]
        for run in ("run-001", "run-002")
    )
    assert any(first)
    assert again == [False] * len(first)


def test_a_file_is_announced_before_the_next_one_is_read(folder: Path, store: FolderStore) -> None:
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": folder}]})
    messages = scraping(REQUEST, recipe, store)
    assert isinstance(next(iter(messages)), ImageFetched)
    (folder / "again.png").unlink()
    assert _outcomes(list(messages))[1] == Reason.UNREADABLE_FILE


def test_asked_to_stop_it_is_interrupted_and_goes_on_later(folder: Path, store: FolderStore, scrape: Scrape) -> None:
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": folder}]})
    stop: list[bool] = []
    messages = iter(scraping(REQUEST, recipe, store, stopping=lambda: bool(stop)))
    fetched_first = [next(messages), next(messages)]
    stop.append(True)
    with pytest.raises(Interrupted):
        next(messages)
    assert not store.exists(keys.listing("run-001", 0))
    assert scrape({"folder": folder})[:2] == stale(fetched_first)
    with pytest.raises(Interrupted):
        list(scraping(REQUEST, recipe, store, stopping=lambda: True))


def test_what_failed_in_one_run_is_tried_again_in_the_next(folder: Path, scrape: Scrape, picture: Picture) -> None:
    (folder / "link.png").symlink_to(folder / "later.png")
    first = scrape({"folder": folder})
    assert Reason.UNREADABLE_FILE in _outcomes(first)
    (folder / "later.png").write_bytes(picture(7))
    assert scrape({"folder": folder}) == stale(first)
    assert _outcomes(scrape({"folder": folder}, run="run-002")).count(_digest(picture(7))) == 2


def test_pictures_do_not_pile_up_in_memory(tmp_path: Path, scrape: Scrape) -> None:
    for number in range(12):
        noise = Image.frombytes("RGB", (800, 800), Random(number).randbytes(800 * 800 * 3))
        noise.save(tmp_path / f"{number}.bmp")
    tracemalloc.start()
    try:
        assert len(scrape({"folder": tmp_path})) == 13
        assert tracemalloc.get_traced_memory()[1] < 3 * 800 * 800 * 3
    finally:
        tracemalloc.stop()


def test_pictures_come_from_addresses_too(server: Server, scrape: Scrape, picture: Picture, store: FolderStore) -> None:
    server.routes = {
        "/1.png": lambda handler: handler.answer(body=picture(1)),
        "/2.jpg": lambda handler: handler.answer(body=b"<!doctype html><title>Log in</title>"),
        "/3.png": lambda handler: handler.answer(404),
        "/4.png": lambda handler: handler.answer(body=picture(4), X_Robots_Tag="noai"),
    }
    urls = [server.address(f"/{name}") for name in ("1.png", "2.jpg", "3.png", "4.png", "1.png")]
    messages = scrape({"urls": urls, "pause": 0})
    assert _outcomes(messages) == [
        _digest(picture(1)),
        Reason.NOT_A_PICTURE,
        Reason.FETCH_FAILED,
        Reason.OPTED_OUT,
    ]
    assert messages[-1] == SourceExhausted(run="run-001", source=0, count=4)
    found = json.loads(store.get(keys.listing("run-001", 0)))["entries"].values()
    assert [each["provenance"]["url"] for each in found if "image" in each] == urls[:1]


def test_an_address_is_asked_once_whatever_the_limits(server: Server, scrape: Scrape, picture: Picture) -> None:
    server.routes = {"/1.png": lambda handler: handler.answer(body=picture(1))}
    source = {"urls": [server.address("/1.png")], "pause": 0}
    outcomes = [
        _outcomes(scrape(source, run=f"run-{number:03d}", pictures={"smallest": smallest}))
        for number, smallest in enumerate((64, 110, 50))
    ]
    assert outcomes == [[_digest(picture(1))], [Reason.TOO_SMALL], [_digest(picture(1))]]
    assert len(server.requests_received) == 1


def test_an_address_that_failed_is_asked_again_by_the_next_run_only(
    server: Server, scrape: Scrape, picture: Picture
) -> None:
    answers: list[Callable[..., None]] = [
        lambda handler: handler.answer(404),
        lambda handler: handler.answer(body=picture(1)),
    ]
    server.routes = {"/1.png": lambda handler: answers.pop(0)(handler)}
    source = {"urls": [server.address("/1.png")], "pause": 0}
    assert _outcomes(scrape(source)) == [Reason.FETCH_FAILED]
    assert _outcomes(scrape(source)) == [Reason.FETCH_FAILED]
    assert _outcomes(scrape(source, run="run-002")) == [_digest(picture(1))]


class Surprising(FolderSource):
    """A folder in which a library fails at `1.jpg` as nobody expected, until it is mended."""

    mended = False

    def fetch(self, item: Item) -> Fetched | Drop:
        if item.origin == "a/b/1.jpg" and not Surprising.mended:
            raise ZeroDivisionError("a picture of no width")
        return super().fetch(item)


@pytest.fixture
def surprising(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Surprising, "mended", False)
    monkeypatch.setitem(SOURCES, recipe_of_sources.FolderSource, Surprising)


def _without_deaths(outgoing: list[Message | Death]) -> list[Message]:
    return [found for found in outgoing if not isinstance(found, Death)]


@pytest.mark.usefixtures("surprising")
def test_an_unexpected_error_about_one_file_is_its_own_death_and_the_source_goes_on(
    folder: Path, scrape: Scrape, store: FolderStore
) -> None:
    outgoing = scrape({"folder": folder})
    (death,) = (found for found in outgoing if isinstance(found, Death))
    assert isinstance(death.error, ZeroDivisionError)
    assert "a/b/1.jpg" in "".join(death.error.__notes__)
    assert outgoing[-1] == SourceExhausted(run="run-001", source=0, count=7)
    assert len(_outcomes(_without_deaths(outgoing))) == 6
    listed = json.loads(store.get(keys.listing("run-001", 0)))["entries"][death.entry]
    assert (listed["origin"], listed["error"]) == ("a/b/1.jpg", "ZeroDivisionError")


@pytest.mark.usefixtures("surprising")
def test_told_again_of_a_listed_source_only_what_has_died_is_tried_again(
    folder: Path, scrape: Scrape, picture: Picture
) -> None:
    before = scrape({"folder": folder})
    Surprising.mended = True
    (folder / "a/1.png").write_bytes(b"another file, which nobody looks at")
    after = scrape({"folder": folder})
    assert _digest(picture(2, "JPEG")) in _outcomes(after)
    before = stale(before)
    assert [found for found in after if found in before] == _without_deaths(before)
    assert scrape({"folder": folder}) == stale(after)


@pytest.mark.usefixtures("surprising")
def test_what_has_died_is_not_remembered_by_later_runs(folder: Path, scrape: Scrape, picture: Picture) -> None:
    scrape({"folder": folder})
    Surprising.mended = True
    assert _digest(picture(2, "JPEG")) in _outcomes(scrape({"folder": folder}, run="run-002"))


def _html(handler: Handler) -> None:
    handler.answer(body=b"<!doctype html><title>Just a moment...</title>", Content_Type="text/html")


@pytest.fixture
def fetched_at(store: FolderStore, server: Server) -> Callable[..., list[str]]:
    """Scrape one address in a run that begins so many minutes after noon; return what came of it."""

    def fetched_at(minutes: float, run: str) -> list[str]:
        section = {"urls": [server.address("/a.png")], "pause": 0}
        recipe = Recipe.model_validate({"name": "anya", "sources": [section]})
        now = datetime(2026, 11, 27, 12, tzinfo=UTC) + timedelta(minutes=minutes)
        outgoing = scraping(RunRequested(run=run, source=0), recipe, store, Scraper(lambda: now))
        return _outcomes(_without_deaths(list(outgoing)))

    return fetched_at


def test_an_address_that_answers_with_a_page_is_asked_again_by_later_runs_less_and_less_often(
    fetched_at: Callable[..., list[str]], server: Server, picture: Picture
) -> None:
    server.routes["/a.png"] = _html
    moments = [(0, 1), (1, 2), (5, 2), (11.5, 3), (600, 3), (1500, 4), (11_000, 4), (12_000, 5), (10**6, 5)]
    for number, (minutes, requests) in enumerate(moments):
        assert fetched_at(minutes, f"run-{number:03d}") == [Reason.NOT_A_PICTURE]
        assert len(server.requests_received) == requests, minutes


def test_a_picture_that_comes_after_a_page_is_taken(
    fetched_at: Callable[..., list[str]], server: Server, picture: Picture
) -> None:
    server.routes["/a.png"] = _html
    fetched_at(0, "run-001")
    server.routes["/a.png"] = lambda handler: handler.answer(body=picture(1))
    assert fetched_at(0.5, "run-001") == [Reason.NOT_A_PICTURE]  # within a run an entry has one fate
    assert fetched_at(1, "run-002") == [_digest(picture(1))]
    assert fetched_at(2, "run-003") == [_digest(picture(1))]
    assert len(server.requests_received) == 2


def test_a_picture_that_is_cut_short_without_a_word_is_asked_for_again(
    fetched_at: Callable[..., list[str]], server: Server, picture: Picture
) -> None:
    def cut(handler: Handler) -> None:
        handler.begin(Content_Type="image/png")
        handler.wfile.write(noise[: len(noise) // 2])

    noise = _noise()
    server.routes["/a.png"] = cut
    assert fetched_at(0, "run-001") == [Reason.TRUNCATED]
    server.routes["/a.png"] = lambda handler: handler.answer(body=noise)
    assert fetched_at(1, "run-002") == [_digest(noise)]


def _noise() -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (100, 100), Random(1).randbytes(30_000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("status", "headers", "requests"), [(200, {}, 3), (403, {}, 3), (200, {"X_Robots_Tag": "noai"}, 1)]
)
def test_a_run_that_shall_retry_asks_at_once_for_all_that_failed_but_honours_opt_outs(
    fetched_at: Callable[..., list[str]],
    store: FolderStore,
    server: Server,
    status: int,
    headers: dict[str, str],
    requests: int,
) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(status, **headers)
    for number in range(3):
        store.put(keys.retry_failed(f"run-{number:03d}"), b"{}")
        fetched_at(number, f"run-{number:03d}")
    assert len(server.requests_received) == requests


class Breaking(FolderSource):
    """A folder whose listing breaks off, as nobody expected."""

    def page(self, cursor: str) -> Page:
        raise ExceptionGroup("unhandled errors in a TaskGroup", [KeyError("st_ino")])


def test_an_unexpected_error_of_a_whole_source_names_the_source(
    folder: Path, scrape: Scrape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SOURCES, recipe_of_sources.FolderSource, Breaking)
    with pytest.raises(ExceptionGroup) as raised:
        scrape({"urls": []}, {"folder": folder}, source=1)
    assert sentence(raised.value) == "'st_ino' (KeyError at sources[1] of the recipe)"


@pytest.fixture
def two_pages(server: Server) -> Recipe:
    """A list of two addresses that always answer with a page."""
    server.routes = {"/a.png": _html, "/b.png": _html}
    urls = [server.address(path) for path in server.routes]
    return Recipe.model_validate({"name": "anya", "sources": [{"urls": urls, "pause": 0}]})


def test_a_gap_begins_when_the_address_itself_was_asked(two_pages: Recipe, store: FolderStore, server: Server) -> None:
    moments = [datetime(2026, 11, 27, 12, tzinfo=UTC)]

    def answer_after_an_hour(handler: Handler) -> None:
        moments.append(moments[-1] + timedelta(hours=1))
        _html(handler)

    def requested_in(run: str) -> list[str]:
        before = len(server.requests_received)
        list(scraping(RunRequested(run=run, source=0), two_pages, store, Scraper(lambda: moments[-1])))
        return [path for path, _ in server.requests_received[before:]]

    server.routes["/a.png"] = answer_after_an_hour
    assert requested_in("run-001") == requested_in("run-002") == ["/a.png", "/b.png"]
    server.routes["/a.png"] = _html
    assert requested_in("run-003") == ["/a.png"]


def test_a_run_that_shall_retry_goes_on_with_it_after_a_stop(
    two_pages: Recipe, store: FolderStore, server: Server
) -> None:
    for number in range(2):
        list(scraping(RunRequested(run=f"run-{number:03d}", source=0), two_pages, store))
    store.put(keys.retry_failed("run-002"), b"{}")
    request = RunRequested(run="run-002", source=0)
    assert isinstance(next(scraping(request, two_pages, store)), ImageDropped)  # and is stopped
    list(scraping(request, two_pages, store))
    assert [path for path, _ in server.requests_received] == ["/a.png", "/b.png"] * 3
