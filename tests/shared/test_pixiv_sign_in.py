import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from shared import pixiv_sign_in
from shared.contract.environment import PixivEnvironment
from shared.pixiv_sign_in import Refusal, Tokens

APP = PixivEnvironment(pixiv_refresh_token=SecretStr("of anya"))
CODE = "a-b_C1"


def test_a_challenge_is_that_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # its appendix B
    assert pixiv_sign_in.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_page_to_sign_in_at_is_told_the_challenge_and_its_method() -> None:
    address = pixiv_sign_in.login_address("https://app-api.pixiv.net", "verifier")
    assert address.startswith("https://app-api.pixiv.net/web/v1/login?code_challenge=")
    assert address.endswith("&code_challenge_method=S256&client=pixiv-android")


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f" {CODE}\n",
        f"pixiv://account/login?code={CODE}&via=login",
        f"'https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback?state=x&code={CODE}'",
    ],
)
def test_a_code_is_found_in_what_was_copied(text: str) -> None:
    assert pixiv_sign_in.code_in(text) == CODE


@pytest.mark.parametrize("text", ["", " \n", "https://a/?code="])
def test_without_a_code_there_is_none(text: str) -> None:
    assert pixiv_sign_in.code_in(text) == ""


def test_headers_have_the_time_and_its_hash() -> None:
    headers = pixiv_sign_in.headers(APP, datetime(2026, 11, 27, 13, 5, 9, tzinfo=UTC))
    moment = "2026-11-27T13:05:09+00:00"
    salt = "28c1fdd170a5204386cb1313c7077b34f83e4aaf4aa829ce78c231e05b0bae2c"
    assert headers["X-Client-Time"] == moment
    assert headers["X-Client-Hash"] == hashlib.md5(f"{moment}{salt}".encode()).hexdigest()
    assert headers["User-Agent"] == APP.pixiv_user_agent


def test_forms_name_the_client_and_what_is_exchanged() -> None:
    refresh, code = pixiv_sign_in.form_of_refresh(APP), pixiv_sign_in.form_of_code(APP, CODE, "verifier")
    assert (refresh["grant_type"], refresh["refresh_token"]) == ("refresh_token", "of anya")
    assert (code["grant_type"], code["code"], code["code_verifier"]) == ("authorization_code", CODE, "verifier")
    assert code["redirect_uri"] == "https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback"
    assert refresh["client_id"] == code["client_id"] == APP.pixiv_client_id


@pytest.mark.parametrize("body", [{"access_token": "a", "refresh_token": "r"}, {"response": {"access_token": "a"}}])
def test_tokens_are_read_and_not_shown(body: dict[str, Any]) -> None:
    tokens = pixiv_sign_in.read_answer(200, body)
    assert isinstance(tokens, Tokens)
    assert tokens.access_token.get_secret_value() == "a"
    assert "'a'" not in repr(tokens)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"errors": {"system": {"message": "Invalid refresh token"}}}, "HTTP 400: Invalid refresh token"),
        ({"errors": {"system": {"message": "x" * 500}}}, f"HTTP 400: {'x' * 100}"),
        ({"errors": "odd"}, "HTTP 400"),
        ({"refresh_token": "secret"}, "HTTP 400"),
        (["secret"], "HTTP 400"),
        (None, "HTTP 400"),
    ],
)
def test_a_refusal_says_what_the_board_says_in_its_place_and_nothing_else(body: Any, told: str) -> None:
    assert pixiv_sign_in.read_answer(400, body) == Refusal(told)
