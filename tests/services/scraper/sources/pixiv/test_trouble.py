"""What can go wrong at Pixiv, over real sockets: tokens that are over, limits, half answers, works not shown."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from demo.board.messages import Answer, Around, Handle, json_answer
from demo.board.messages import Request as BoardRequest
from services.scraper.sources import Item
from services.scraper.sources.pixiv.api import TROUBLES
from services.scraper.sources.pixiv.asking import TRIES, request_json
from services.scraper.sources.pixiv.session import PixivSession
from services.scraper.web.client import PoliteWeb
from services.scraper.web.interface import Request
from shared.contract.environment import PixivEnvironment
from shared.contract.errors import HostRefuses, Poison, RunUnusable, Transient
from shared.contract.reasons import Drop, Reason
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault, Faults
from tests.servers.boards.pixiv import Pixiv, Rules
from tests.servers.boards.pixiv_client import SMALL
from tests.servers.boards.works import Work, Works, works_of
from tests.services.scraper.sources.pixiv.conftest import Open, section_of, session_of

SEARCH = "/v1/search/illust"
MANY_LIMITED = Works(works=60, limited=0.5, adult=0.2, by_ai=0.0, moving=0.0, size=(8, 8))


def sign_ins(board: Pixiv) -> int:
    return len(board.log.requests_for("/auth/token"))


def without_limits(board: Pixiv) -> dict[str, bytes]:
    """The originals that the app itself shows to everybody."""
    works = [work for work in board.works.values() if not work.is_limited and work.x_restrict == 0]
    return {f"{work.id}_p{page}": board.file(work, page) for work in works for page in range(len(work.pages))}


def rewriting(change: Callable[[Any], Any], path: str) -> Around:
    """Lets the JSON of the answers at a path be changed."""

    def around(request: BoardRequest, handle: Handle) -> Answer:
        answer = handle(request)
        return json_answer(change(json.loads(answer.body)), answer.status) if request.path == path else answer

    return around


def test_a_token_that_is_over_in_the_middle_is_renewed_and_the_call_repeated(opened: Open) -> None:
    with Pixiv(SMALL) as calm, Pixiv(SMALL, Rules(calls_per_token=1)) as board:
        undisturbed = opened(calm).kept()
        assert opened(board).kept() == undisturbed
        searches = [entry.status for entry in board.log.requests_for(SEARCH)]
    assert searches == [200, 400, 200, 400, 200]
    assert sign_ins(board) == 3


def test_one_sign_in_is_enough_for_all_sources_of_a_process(opened: Open) -> None:
    session = session_of()
    with Pixiv(SMALL) as board:
        for _ in range(3):
            opened(board, session).source.page("")
        assert sign_ins(board) == 1
        board.sign_in.end_tokens()
        for _ in range(3):
            opened(board, session).source.page("")
        assert sign_ins(board) == 2


def test_threads_whose_token_is_over_sign_in_once_together(web: PoliteWeb) -> None:
    session = session_of()
    with Pixiv(SMALL) as board:
        addresses = section_of(board).pixiv.addresses
        over = session.token(web, addresses)
        new: list[str] = []
        threads = [
            threading.Thread(target=lambda: new.append(session.token(web, addresses, over=over))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sign_ins(board) == 2
    assert len(new) == 8
    assert set(new) == {"access-2"}


def test_a_token_is_for_its_own_board_alone(opened: Open) -> None:
    session = session_of()
    with Pixiv(SMALL) as one, Pixiv(SMALL) as another:
        opened(one, session).source.page("")
        opened(another, session).source.page("")
        assert (sign_ins(one), sign_ins(another)) == (1, 1)


def test_a_token_that_is_refused_though_it_is_new_is_asked_for_once_only(opened: Open) -> None:
    with Pixiv(SMALL, Rules(calls_per_token=0)) as board:
        with pytest.raises(Transient, match="an access token that it has just given"):
            opened(board).source.page("")
        assert sign_ins(board) == 2


def test_a_refresh_token_that_is_refused_is_an_error_that_says_what_to_do(opened: Open) -> None:
    with Pixiv(SMALL) as board, pytest.raises(RunUnusable) as refused:
        opened(board, session_of("a-wrong-token")).source.page("")
    text = str(refused.value)
    assert "refuses to sign in (HTTP 400: Invalid refresh token)" in text
    assert "run `magritte login pixiv`, and set MAGRITTE_PIXIV_REFRESH_TOKEN" in text
    assert "a-wrong-token" not in text


def test_without_a_refresh_token_nothing_is_asked_for(opened: Open) -> None:
    with Pixiv(SMALL) as board:
        with pytest.raises(RunUnusable, match="run `magritte login pixiv`"):
            opened(board, session_of("")).source.page("")
        assert board.log == []


def test_an_answer_of_the_sign_in_that_is_none_shows_no_token(opened: Open) -> None:
    odd = rewriting(lambda body: {"token": body["access_token"], "error": body["access_token"]}, "/auth/token")
    with Pixiv(SMALL, around=odd) as board, pytest.raises(RunUnusable) as refused:
        opened(board).source.page("")
    assert "access-1" not in str(refused.value)


def test_the_client_that_signs_in_is_a_setting(opened: Open) -> None:
    app = PixivEnvironment(
        pixiv_refresh_token=session_of().app.pixiv_refresh_token,
        pixiv_client_id="another",
        pixiv_client_secret=SecretStr("its secret"),
        pixiv_user_agent="Magritte (a test)",
    )
    forms: list[Mapping[str, str]] = []

    def noting(request: BoardRequest, handle: Handle) -> Answer:
        forms.append(request.form)
        return handle(request)

    with Pixiv(SMALL, around=noting) as board:
        opened(board, PixivSession(app)).source.page("")
        assert {entry.headers["user-agent"] for entry in board.log.requests_for("/v1/*")} == {"Magritte (a test)"}
        token = board.log.requests_for("/auth/token")[0]
    assert token.headers["user-agent"] == "Magritte (a test)"
    form = next(filter(None, forms))
    assert (form["client_id"], form["client_secret"]) == ("another", "its secret")


def test_a_rate_limit_is_waited_for(opened: Open) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.pixiv_rate_limit(), SEARCH, after=1, times=2))) as board:
        there = opened(board, ai=True)
        assert {int(origin.partition("_")[0]) for origin in there.items()} == set(board.works)
        assert [entry.status for entry in board.log.requests_for(SEARCH)] == [200, 403, 403, 200, 200, 200]
    assert there.time.skipped == pytest.approx(1 + 2, abs=0.9)  # less what passed by itself


def test_a_rate_limit_that_does_not_end_is_a_refusal(opened: Open) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.pixiv_rate_limit(), SEARCH))) as board:
        with pytest.raises(HostRefuses, match="5 refusals in a row: nothing more is asked of it for 15 minutes"):
            opened(board).source.page("")
        assert len(board.log.requests_for(SEARCH)) == 5


def test_however_patient_the_client_is_one_call_is_not_repeated_for_ever(web: PoliteWeb) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.pixiv_rate_limit(), SEARCH))) as board:
        with pytest.raises(HostRefuses, match="says that it is asked too often, 6 times in a row"):
            request_json(web, Request(f"{board.address}{SEARCH}"))
        assert len(board.log) == TRIES


def test_half_a_listing_is_asked_for_again(opened: Open) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.half_a_page(), SEARCH, after=2, times=1))) as board:
        items = opened(board, ai=True).items()
        assert {int(origin.partition("_")[0]) for origin in items} == set(board.works)
        assert len(board.log.requests_for(SEARCH)) == 5


def test_a_listing_that_is_never_whole_may_be_so_later(opened: Open) -> None:
    never_whole = Faults(Fault(faults.half_a_page(), SEARCH))
    with Pixiv(SMALL, around=never_whole) as board, pytest.raises(Transient, match="sends no whole JSON, 6 times"):
        opened(board).source.page("")


@pytest.mark.parametrize("fault", [faults.unavailable(), faults.too_many_requests()])
def test_a_board_that_is_out_of_order_may_be_asked_later(opened: Open, fault: faults.Spoil) -> None:
    with Pixiv(SMALL, around=Faults(Fault(fault, SEARCH))) as board, pytest.raises(Transient, match="answers HTTP"):
        opened(board).source.page("")


def test_a_search_that_is_refused_says_why(opened: Open) -> None:
    refusing = rewriting(lambda body: {"error": {"message": "no such word"}}, SEARCH)
    with Pixiv(SMALL, around=refusing) as board, pytest.raises(Poison, match=r"refuses a search .*: no such word"):
        opened(board).source.page("")


def test_a_next_page_without_an_offset_or_one_that_leads_back_is_no_endless_walk(opened: Open) -> None:
    for query, problem in (("word=a", "without an offset"), ("offset=0", "from offset 0 of a search back to 0")):
        leading = rewriting(lambda body, query=query: body | {"next_url": f"https://x/?{query}"}, SEARCH)
        with Pixiv(SMALL, around=leading) as board, pytest.raises(Poison, match=problem):
            list(opened(board).pages())


def limited(board: Pixiv, x_restrict: int) -> list[Work]:
    return [work for work in board.works.values() if work.is_limited and work.x_restrict == x_restrict]


def test_a_limited_work_is_had_from_the_web_without_a_cookie_unless_it_is_for_adults(opened: Open) -> None:
    with Pixiv(MANY_LIMITED) as board:
        there = opened(board)
        kept, reasons = there.kept(), there.reasons()
        for work in limited(board, 0):
            for page in range(len(work.pages)):
                assert kept[f"{work.id}_p{page}"] == board.file(work, page)
        for_adults = {reasons[f"{work.id}_p0"] for work in limited(board, 1)}
        cookies = [entry for entry in board.log if "cookie" in entry.headers]
        signed_in = [entry for entry in board.log.requests_for("/ajax/*") if "authorization" in entry.headers]
    assert [work for work in limited(board, 0) if len(work.pages) > 1]
    assert for_adults == {Reason.LIMITED_BY_BOARD}
    assert cookies == signed_in == []


def test_a_limited_work_is_judged_by_its_own_numbers_not_by_zeros(opened: Open) -> None:
    with Pixiv(MANY_LIMITED) as board:
        reasons = opened(board, bookmarks=1000).reasons()
        works = limited(board, 0)
        pages_asked = {entry.path for entry in board.log.requests_for("/ajax/*/pages")}
    popular = [work for work in works if work.bookmarks >= 1000]
    assert 0 < len(popular) < len(works)
    assert {reasons[f"{work.id}_p0"] for work in popular} == {None}
    assert {reasons[f"{work.id}_p0"] for work in works if work not in popular} == {Reason.BELOW_FAVOURITES}
    assert pages_asked == {f"/ajax/illust/{work.id}/pages" for work in popular if len(work.pages) > 1}


@pytest.mark.parametrize(
    ("fault", "requests"),
    [(faults.challenge(), 1), (faults.hang_up(), 4 * TROUBLES), (faults.unavailable(), 4 + 2 + 1)],
)
def test_where_the_web_pages_refuse_limited_works_are_dropped_and_they_are_not_asked_for_ever(
    opened: Open, fault: faults.Spoil, requests: int
) -> None:
    with Pixiv(MANY_LIMITED, around=Faults(Fault(fault, "/ajax/*"))) as board:
        there = opened(board)
        items = there.items()
        refused = [items[f"{work.id}_p0"].drop for work in limited(board, 0)]
        assert there.kept() == without_limits(board)
        assert len(board.log.requests_for("/ajax/*")) == requests
    assert {drop.reason for drop in refused if drop} == {Reason.LIMITED_BY_BOARD}


@pytest.mark.parametrize("body", [[], {}, {"error": False, "body": []}, {"error": True, "message": "no"}])
def test_a_limited_work_that_the_web_describes_in_another_way_is_dropped_alone(opened: Open, body: Any) -> None:
    work = next(work for work in works_of(MANY_LIMITED) if work.is_limited and work.x_restrict == 0)
    with Pixiv(MANY_LIMITED, around=rewriting(lambda _: body, f"/ajax/illust/{work.id}")) as board:
        reasons = opened(board).reasons()
        others = {reasons[f"{each.id}_p0"] for each in limited(board, 0)[1:]}
    assert reasons[f"{work.id}_p0"] is Reason.LIMITED_BY_BOARD
    assert others == {None}


def test_a_work_with_nothing_but_renditions_is_never_kept(opened: Open) -> None:
    def without_originals(body: Any) -> Any:
        for row in body["illusts"]:
            row["meta_single_page"] = {"original_image_url": row["image_urls"]["large"]}
            row["meta_pages"] = []
        return body

    with Pixiv(replace(SMALL, limited=0), around=rewriting(without_originals, SEARCH)) as board:
        items = opened(board).items().values()
        assert [item for item in items if item.drop and item.drop.reason is Reason.LIMITED_BY_BOARD]
        assert all(item.drop for item in items)
        assert board.files.log == []


def test_a_placeholder_of_a_work_that_calls_itself_visible_is_none_the_better(opened: Open) -> None:
    def visible(body: Any) -> Any:
        return body | {"illusts": [row | {"visible": True} for row in body["illusts"]]}

    with Pixiv(MANY_LIMITED, around=rewriting(visible, SEARCH)) as board:
        there = opened(board)
        assert set(there.kept()) > set(without_limits(board))
        assert {there.reasons()[f"{work.id}_p0"] for work in limited(board, 0)} == {None}


def test_a_work_that_is_described_in_another_way_is_its_own_trouble(opened: Open) -> None:
    def odd(body: Any) -> Any:
        body["illusts"][3] = {"id": 7, "title": None}
        body["illusts"][4] = "no work"
        return body

    with Pixiv(SMALL, around=rewriting(odd, SEARCH)) as board:
        there = opened(board, ai=True)
        items = list(there.source.page("").items)
        odd_items = [item for item in items if item.trouble]
        assert len({item.origin.partition("_")[0] for item in items}) == 30
    assert odd_items[0].origin == "7_p0"
    assert len(odd_items) == 2
    assert isinstance(there.source.fetch(replace(odd_items[0], trouble=None)), Drop)


def test_a_search_that_finds_nothing_is_warned_of(opened: Open) -> None:
    with Pixiv(SMALL) as board, capture_logs() as logs:
        assert opened(board, word="margott").items() == {}
        opened(board, limit=1).items()
    assert [(line["event"], line["log_level"], line["search"]["word"]) for line in logs] == [
        ("nothing found", "warning", "margott")
    ]


def test_a_work_that_comes_twice_on_a_page_is_one(opened: Open) -> None:
    def doubled(body: Any) -> Any:
        return body | {"illusts": [row for row in body["illusts"] for _ in range(2)]}

    with Pixiv(SMALL, around=rewriting(doubled, SEARCH)) as board:
        origins = [item.origin for item in opened(board).source.page("").items]
    assert len(origins) == len(set(origins)) >= 30


def test_files_that_break_off_or_come_as_a_part_are_asked_for_again(opened: Open) -> None:
    breaking = Faults(
        Fault(faults.cut(), "/img-original/*", times=1, each=True, most_paths=20),
        Fault(faults.hang_up(), "/img-original/*", times=1, each=True, most_paths=10),
    )
    with Pixiv(SMALL) as calm, Pixiv(SMALL, around=breaking) as board:
        assert opened(board).kept() == opened(calm).kept()
        assert len(board.files.log) > len(calm.files.log)


def test_a_cursor_that_is_none_is_refused(opened: Open) -> None:
    with Pixiv(SMALL) as board, pytest.raises(Poison, match="is no position in a search of Pixiv"):
        opened(board).source.page('{"page": 7}')


def test_a_page_that_is_gone_from_its_work_is_dropped(opened: Open) -> None:
    with Pixiv(SMALL) as board:
        there = opened(board)
        last = next(item for item in there.items().values() if item.post and item.post.page == 2 and not item.drop)
        assert last.post is not None
        work = board.works[last.post.number]
        board.change(work.id, pages=work.pages[:1])
        found = there.source.fetch(last)
    assert found == Drop(Reason.FETCH_FAILED, "the page is gone from its work")


def test_a_file_that_is_missing_though_its_work_is_there_is_asked_for_once(opened: Open) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.not_found(), "/img-original/*"))) as board:
        there = opened(board)
        item: Item = next(item for item in there.items().values() if not item.drop)
        found = there.source.fetch(item)
        assert len(board.files.log) == 1
    assert isinstance(found, Drop)
    assert found.detail.startswith("HTTP 404")
