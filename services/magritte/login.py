"""`magritte login`: accounts of boards that cannot be asked without one."""

import json
import os
import secrets
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

import typer

from services.magritte import screen
from services.magritte.atomic_file import replacing
from shared import pixiv_sign_in
from shared.contract.environment import PixivEnvironment
from shared.contract.errors import Poison, Transient
from shared.recipe.pixiv import PixivAddresses
from shared.settings import read_variables

app = typer.Typer(help="Sign in at a board that shows nothing without an account.", no_args_is_help=True)

TOKEN_FILE = Path("secrets/scraper/magritte_pixiv_refresh_token")
"""Beside the other secrets of the scraper, where containers look for it by its name."""

_DEFAULT = PixivAddresses()
_SECONDS = 60.0
_MOST_BYTES = 2**20

_BEFORE = """\
Pixiv shows its works to accounts alone, and to programs only as its app. This asks for a token in the place of your
password, which you enter nowhere but on Pixiv's own page.

1. In a browser, open the tools for developers (F12), there the tab Network, and let it keep its log (Preserve log,
   Persist logs).
2. Open this address there, and sign in:

{address}

3. The browser ends on a page that stays empty, since the app is not there. In the tab Network, look for `callback?`:
   the last address of that name has the code in it (code=...). So has the address that begins with `pixiv://`, which
   the log or the console names.
4. Copy the code, or all of the address. It is good for 30 seconds.
"""

_AFTER = """\
The token is in {file}. Whoever has it can act as your account: keep it as a password.
    export MAGRITTE_PIXIV_REFRESH_TOKEN="$(cat {file})"     and then: magritte run RECIPE
In containers it is a secret of the scraper, named magritte_pixiv_refresh_token.
"""

ApiAddress = Annotated[str, typer.Option("--api", help="Address of the server with the page to sign in at.")]
SignInAddress = Annotated[str, typer.Option("--sign-in", help="Address of the server that gives tokens.")]


@app.callback()
def _boards() -> None:
    pass


@app.command()
def pixiv(
    to: Annotated[Path, typer.Option("--to", help="The file to write the token into, for you alone.")] = TOKEN_FILE,
    code_from_stdin: Annotated[
        bool,
        typer.Option("--code-from-stdin", help="Print the address alone, and read the code from standard input."),
    ] = False,
    api: ApiAddress = _DEFAULT.api,
    sign_in: SignInAddress = _DEFAULT.sign_in,
) -> None:
    """Sign in at Pixiv in the browser, and keep the token by which the scraper signs in from then on."""
    settings = read_variables(PixivEnvironment)
    board = PixivAddresses(api=api, sign_in=sign_in)
    verifier = secrets.token_urlsafe(32)
    address = pixiv_sign_in.login_address(board.api, verifier)
    screen.say(address if code_from_stdin else _BEFORE.format(address=address))
    code = _code(code_from_stdin)
    answer = _sent(board.sign_in, pixiv_sign_in.form_of_code(settings, code, verifier), settings)
    if isinstance(answer, pixiv_sign_in.Refusal):
        raise Poison(f"Pixiv takes no such code ({answer.told}). It is good for 30 seconds, once: begin again")
    if not (token := answer.refresh_token.get_secret_value()):
        raise Poison(f"{board.sign_in} gives an access token, and none to keep")
    _write(to, token)
    screen.say(_AFTER.format(file=to).removesuffix("\n"))


def _code(code_from_stdin: bool) -> str:
    if not code_from_stdin:
        screen.say("The code, or the address:")
    sys.stdout.flush()
    code = pixiv_sign_in.code_in(sys.stdin.readline())
    if not code:
        raise Poison("there is no code in that: nothing has been asked for or written")
    return code


def _sent(
    sign_in: str, form: dict[str, str], settings: PixivEnvironment
) -> pixiv_sign_in.Tokens | pixiv_sign_in.Refusal:
    """Send a form, and return what the sign-in answers. Raises `Transient` when it does not."""
    address = pixiv_sign_in.token_address(sign_in)
    headers = pixiv_sign_in.headers(settings, datetime.now(UTC))
    request = urllib.request.Request(address, urlencode(form).encode("ascii"), dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            status, body = answer.status, answer.read(_MOST_BYTES)
    except HTTPError as error:
        status, body = error.code, error.read(_MOST_BYTES)
    except (URLError, OSError) as error:
        raise Transient(f"{address} cannot be asked: {getattr(error, 'reason', error)}") from error
    return pixiv_sign_in.read_answer(status, _read(body))


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _write(file: Path, token: str) -> None:
    """Write a token into a file that nobody but its owner can read, or with the rights of the file that is there.

    That is the one of `make env`, in a folder that keeps others out, for containers that have users of their own.
    """
    mode = file.stat().st_mode & 0o777 if file.is_file() else 0o600
    with replacing(file) as path:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as content:
            os.fchmod(descriptor, mode)
            content.write(f"{token}\n")
