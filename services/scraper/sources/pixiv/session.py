"""An account's sign-in at Pixiv."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from services.scraper.sources.pixiv.asking import request_json
from services.scraper.web.interface import Request, Web
from shared import pixiv_sign_in
from shared.contract.environment import PixivEnvironment
from shared.contract.errors import AccountRefused
from shared.recipe.pixiv import PixivAddresses


class PixivSession:
    """The access tokens that all sources of a process share, one for each board. Safe for many threads.

    `app` is the account's refresh token and the client that signs in with it.
    """

    def __init__(self, app: PixivEnvironment, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.app = app
        self._clock = clock
        self._lock = Lock()
        self._tokens: dict[PixivAddresses, str] = {}

    def token(self, web: Web, board: PixivAddresses, over: str | None = None) -> str:
        """Return an access token of a board, another than the one that is `over`; raises `AccountRefused`."""
        with self._lock:
            known = self._tokens.get(board)
            if known is None or known == over:
                known = self._tokens[board] = self._signed_in(web, board)
            return known

    def _signed_in(self, web: Web, board: PixivAddresses) -> str:
        if not self.app.pixiv_refresh_token.get_secret_value():
            raise AccountRefused(f"Pixiv is asked with an account, and none is set: {pixiv_sign_in.REMEDY}")
        address = pixiv_sign_in.token_address(board.sign_in)
        form = pixiv_sign_in.form_of_refresh(self.app)
        headers = pixiv_sign_in.headers(self.app, self._clock())
        answer = pixiv_sign_in.read_answer(*request_json(web, Request(address, headers, form=form)))
        if isinstance(answer, pixiv_sign_in.Refusal):
            raise AccountRefused(f"{address} refuses to sign in ({answer.told}): {pixiv_sign_in.REMEDY}")
        return answer.access_token.get_secret_value()
