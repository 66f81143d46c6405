"""Signing in at Pixiv as its app does: addresses, forms and headers, and what the answers say. Sends nothing itself.

A person signs in once in the browser, which ends with a code (PKCE, RFC 7636); the code is exchanged for a refresh
token, which is good for months, and that for access tokens of an hour each.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from shared.contract.environment import PixivEnvironment

REMEDY = "run `magritte login pixiv`, and set MAGRITTE_PIXIV_REFRESH_TOKEN to what it has written"
CALLBACK = "https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback"
_CLIENT = "pixiv-android"
_SALT = "28c1fdd170a5204386cb1313c7077b34f83e4aaf4aa829ce78c231e05b0bae2c"
"""Of the header X-Client-Hash, in all apps alike."""


class Tokens(BaseModel):
    """The tokens of an account."""

    access_token: SecretStr
    refresh_token: SecretStr = SecretStr("")


@dataclass(frozen=True)
class Refusal:
    """Pixiv gives no tokens, and says this."""

    told: str


def challenge(verifier: str) -> str:
    """Return the challenge S256 of a verifier."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def login_address(api: str, verifier: str) -> str:
    """Return the address of the page where a person signs in."""
    query = {"code_challenge": challenge(verifier), "code_challenge_method": "S256", "client": _CLIENT}
    return f"{api}/web/v1/login?{urlencode(query)}"


def token_address(sign_in: str) -> str:
    """Return the address that forms are sent to."""
    return f"{sign_in}/auth/token"


def code_in(text: str) -> str:
    """Return the code in what a person has copied: the code itself, or an address that ends with it."""
    text = text.strip().strip("'\"")
    return parse_qs(urlsplit(text).query).get("code", [""])[0] if "code=" in text else text


def form_of_code(app: PixivEnvironment, code: str, verifier: str) -> dict[str, str]:
    """Return the form that exchanges a code for tokens."""
    asked = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": CALLBACK}
    return _client(app) | asked


def form_of_refresh(app: PixivEnvironment) -> dict[str, str]:
    """Return the form that exchanges the refresh token for an access token."""
    token = app.pixiv_refresh_token.get_secret_value()
    return _client(app) | {"grant_type": "refresh_token", "refresh_token": token, "get_secure_url": "1"}


def _client(app: PixivEnvironment) -> dict[str, str]:
    secret = app.pixiv_client_secret.get_secret_value()
    return {"client_id": app.pixiv_client_id, "client_secret": secret, "include_policy": "true"}


def headers(app: PixivEnvironment, now: datetime) -> Mapping[str, str]:
    """Return the headers of a form that is sent `now`."""
    moment = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"
    salted = hashlib.md5((moment + _SALT).encode(), usedforsecurity=False).hexdigest()
    return {"User-Agent": app.pixiv_user_agent, "X-Client-Time": moment, "X-Client-Hash": salted}


def read_answer(status: int, body: object) -> Tokens | Refusal:
    """Return the tokens in the JSON that the sign-in answers with, or what it says instead."""
    inner = body.get("response") if isinstance(body, dict) else None  # the same tokens, in an older form
    try:
        return Tokens.model_validate(body if inner is None else inner)
    except ValidationError:
        words = _words(body)
        return Refusal(f"HTTP {status}: {words}" if words else f"HTTP {status}")


def _words(body: object) -> str:
    """Return the words of an error of the sign-in. Of other answers nothing is repeated: they may hold tokens."""
    found = body if isinstance(body, dict) else {}
    for name in ("errors", "system"):
        found = found[name] if isinstance(found.get(name), dict) else {}
    return str(found.get("message", ""))[:100]
