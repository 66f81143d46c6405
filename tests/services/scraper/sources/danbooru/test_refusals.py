import pytest

from services.scraper.sources.danbooru.refusals import refusal
from shared.contract.errors import AccountRefused, HostRefuses, MagritteError, RunUnusable, Transient

BOARD = "https://danbooru.donmai.us"


def told(status: int, error: str = "", message: str = "", has_login: bool = False) -> MagritteError:
    body = {"success": False, "error": error, "message": message, "backtrace": ["secret.rb:1"]} if error else None
    return refusal(status, body, BOARD, has_login)


@pytest.mark.parametrize(
    ("status", "error", "kind", "field", "remedy"),
    [
        (401, "SessionLoader::AuthenticationFailure", AccountRefused, "address", "MAGRITTE_DANBOORU_API_KEY"),
        (403, "User::PrivilegeError", HostRefuses, "address", "ask its staff"),
        (404, "", RunUnusable, "address", "is no Danbooru"),
        (410, "PaginationExtension::PaginationError", RunUnusable, "order", "set `limit`"),
        (422, "PostQuery::TagLimitError", AccountRefused, "tags", "Name fewer"),
        (422, "PostQuery::Error", RunUnusable, "tags", "correct the names"),
        (500, "ActiveRecord::QueryCanceled", Transient, "tags", "Name a rarer tag"),
        (502, "", Transient, "address", "run again later"),
    ],
)
def test_a_refusal_names_the_field_and_a_remedy(
    status: int, error: str, kind: type[MagritteError], field: str, remedy: str
) -> None:
    found = told(status, error, "what the board says")
    assert type(found) is kind
    assert str(found).startswith(f"danbooru.{field}: {BOARD} (HTTP {status}")
    assert remedy in str(found)
    assert "secret.rb" not in str(found)
    assert not error or f"{error}: what the board says" in str(found)


def test_who_has_no_login_is_told_to_set_one_and_who_has_one_to_correct_it() -> None:
    assert "set MAGRITTE_DANBOORU_LOGIN" in str(told(401))
    assert "correct MAGRITTE_DANBOORU_LOGIN" in str(told(401, has_login=True))
    assert "too many tags for this account" in str(told(422, "PostQuery::TagLimitError", has_login=True))


def test_long_messages_are_shortened() -> None:
    assert len(str(told(422, "x" * 1000, "y" * 10_000))) < 600
