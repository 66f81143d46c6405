"""Sign-in at the loopback Pixiv is that of Pixiv: each test is a fact about the real one."""

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.servers.boards.conftest import Connect, SignedIn
from tests.servers.boards.pixiv import REFRESH_TOKEN, Pixiv, Rules
from tests.servers.boards.pixiv_client import CLIENT, SMALL, refreshed, search
from tests.servers.boards.sign_in import SignIn


@pytest.fixture(scope="module")
def board() -> Iterator[Pixiv]:
    """A board that no test changes."""
    with Pixiv(SMALL) as board:
        yield board


@pytest.fixture
def client(board: Pixiv, signed_in: SignedIn) -> httpx.Client:
    return signed_in(board)


def test_a_refresh_token_gives_an_access_token_for_an_hour(client: httpx.Client) -> None:
    tokens = refreshed(client).json()
    assert (tokens["expires_in"], tokens["token_type"], tokens["refresh_token"]) == (3600, "bearer", REFRESH_TOKEN)


def test_a_bad_refresh_token_is_refused_in_its_own_form(client: httpx.Client) -> None:
    answer = refreshed(client, "wrong")
    assert answer.status_code == 400
    system = {"message": "Invalid refresh token", "code": 1508}
    assert answer.json() == {"has_error": True, "errors": {"system": system}, "error": "invalid_grant"}


def test_nothing_is_found_without_a_token(board: Pixiv, connect: Connect) -> None:
    assert_token_is_over(search(connect(board.address)))


def assert_token_is_over(answer: httpx.Response) -> None:
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith("invalid_grant")


def test_a_token_may_be_over_early(signed_in: SignedIn) -> None:
    with Pixiv(SMALL, Rules(calls_per_token=3)) as board:
        client = signed_in(board)
        assert [search(client).status_code for _ in range(3)] == [200, 200, 200]
        assert_token_is_over(search(client))
        assert search(signed_in(board)).status_code == 200
        board.sign_in.end_tokens()
        assert_token_is_over(search(client))


def test_a_token_is_over_after_an_hour(signed_in: SignedIn) -> None:
    now = [0.0]
    with Pixiv(SMALL, sign_in=SignIn(REFRESH_TOKEN, False, None, lambda: now[0])) as board:
        client = signed_in(board)
        now[0] = 3599
        assert search(client).status_code == 200
        now[0] = 3600
        assert_token_is_over(search(client))


class Login:
    """A sign-in by code at a board whose clock stands still unless it is moved."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        challenge = base64.urlsafe_b64encode(hashlib.sha256(b"verifier").digest()).rstrip(b"=").decode()
        self.challenge = {"code_challenge": challenge, "code_challenge_method": "S256", "client": "pixiv-android"}

    def place(self) -> str:
        place: str = self.client.get("/web/v1/login", params=self.challenge).headers["location"]
        return place

    def tokens(self, place: str, verifier: str = "verifier") -> httpx.Response:
        code = parse_qs(urlsplit(place).query)["code"][0]
        callback = "https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback"
        form = {**CLIENT, "grant_type": "authorization_code", "code": code, "redirect_uri": callback}
        return self.client.post("/auth/token", data={**form, "code_verifier": verifier})


def test_sign_in_by_code_ends_at_an_address_of_the_app(board: Pixiv, connect: Connect) -> None:
    login = Login(connect(board.address))
    assert login.place().startswith("pixiv://account/login?code=")
    tokens = login.tokens(login.place()).json()
    assert refreshed(login.client, tokens["refresh_token"]).status_code == 200
    login.client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    assert search(login.client).status_code == 200


def test_a_code_is_good_once_for_its_verifier_alone_and_for_30_seconds(connect: Connect) -> None:
    now = [0.0]
    with Pixiv(SMALL, sign_in=SignIn(REFRESH_TOKEN, False, None, lambda: now[0])) as board:
        login = Login(connect(board.address))
        assert login.tokens(login.place(), "another").status_code == 400
        place = login.place()
        assert [login.tokens(place).status_code for _ in range(2)] == [200, 400]
        place = login.place()
        now[0] = 30
        assert login.tokens(place).status_code == 400


def test_a_challenge_is_needed_at_the_login_page(board: Pixiv, connect: Connect) -> None:
    login = Login(connect(board.address))
    plain = {**login.challenge, "code_challenge_method": "plain"}
    assert login.client.get("/web/v1/login", params=plain).status_code == 400
