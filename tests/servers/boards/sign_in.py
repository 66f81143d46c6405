"""Sign-in at the loopback Pixiv: codes for a verifier (PKCE), tokens, and their end."""

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from demo.board.messages import Answer, Request, text_answer
from tests.servers.boards import pixiv_answers

CODE_SECONDS = 30
TOKEN_SECONDS = 3600


@dataclass
class _Code:
    challenge: str
    until: float


@dataclass
class _Token:
    until: float
    calls_left: int | None


class SignIn:
    """Gives and checks codes and tokens."""

    def __init__(
        self,
        refresh_token: str,
        is_premium: bool,
        calls_per_token: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._refresh_tokens = {refresh_token}
        self._is_premium, self._calls_per_token, self._clock = is_premium, calls_per_token, clock
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, _Token] = {}
        self._given = 0

    def end_tokens(self) -> None:
        """Let all access tokens be over; the refresh tokens stay good."""
        with self._lock:
            self._tokens.clear()

    def accepts(self, request: Request) -> bool:
        """Whether a request has an access token that is good; counts the call."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        with self._lock:
            known = self._tokens.get(token)
            if known is None or self._clock() >= known.until or known.calls_left == 0:
                return False
            if known.calls_left is not None:
                known.calls_left -= 1
            return True

    def login_page(self, request: Request) -> Answer:
        """Where somebody signs in; here that has been done already, and the code follows."""
        challenge, method = request.query.get("code_challenge"), request.query.get("code_challenge_method")
        if not challenge or method != "S256" or "client" not in request.query:
            return text_answer("<h1>code_challenge, code_challenge_method=S256 and client are needed</h1>", 400)
        with self._lock:
            code = self._name("code")
            self._codes[code] = _Code(challenge, self._clock() + CODE_SECONDS)
        place = "pixiv://account/login?" + urlencode({"code": code, "via": "login"})
        return Answer(302, b"", {"Location": place})

    def token(self, request: Request) -> Answer:
        """Tokens for a code and its verifier, or for a refresh token."""
        form = request.form
        if request.method != "POST" or not form.get("client_id") or not form.get("client_secret"):
            return pixiv_answers.bad_sign_in("Invalid client")
        with self._lock:
            if form.get("grant_type") == "refresh_token" and form.get("refresh_token") in self._refresh_tokens:
                return self._session(form["refresh_token"])
            if form.get("grant_type") == "authorization_code":
                return self._session_for_code(form)
        return pixiv_answers.bad_sign_in()

    def _session_for_code(self, form: Any) -> Answer:
        code = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if code is None or self._clock() >= code.until or challenge != code.challenge or "redirect_uri" not in form:
            return pixiv_answers.bad_sign_in("Invalid authorization code")
        refresh_token = self._name("refresh")
        self._refresh_tokens.add(refresh_token)
        return self._session(refresh_token)

    def _session(self, refresh_token: str) -> Answer:
        token = self._name("access")
        self._tokens[token] = _Token(self._clock() + TOKEN_SECONDS, self._calls_per_token)
        return pixiv_answers.session(token, refresh_token, self._is_premium)

    def _name(self, kind: str) -> str:
        self._given += 1
        return f"{kind}-{self._given}"
