"""What the end of gallery-dl means: its exit code, and what it has said of errors. Pure.

Its exit code is made of bits, of which each stands for a kind of error (`gallery_dl/exception.py`, `__init__.py` and
`job.py` of version 1.32.18).
"""

import re
from collections.abc import Sequence
from enum import IntFlag

from shared.contract.errors import HostRefuses, MagritteError, RunUnusable, Transient

_LINES = 3
_LONGEST = 300
_ADDRESS = re.compile(r"(https?://)(?:[^\s/'\"@]*@)?([^\s?#'\"]*)(?:[?#][^\s'\"]*)?")
_SECRET = re.compile(r"(?i)\b(api[-_]?key|password|passwd|token|secret|authorization|cookie)\b(\s*[=:]\s*)\S.*")
_STATUS = re.compile(r"'(\d{3}) [^']*' for '")
_ERROR = re.compile(r"^\[[^\]]+\]\[(error|critical)\]")
_GONE = "could not be found"


class Exit(IntFlag):
    """Bits of the exit code."""

    OTHER = 1
    ARGUMENTS = 2
    EXTRACTION = 4
    CHALLENGE = 8
    LOGIN = 16
    INPUT = 32
    NO_EXTRACTOR = 64
    SYSTEM = 128


def trouble(code: int, output: Sequence[str], address: str) -> MagritteError | None:
    """Return the error that ended a listing; None if it is whole.

    An error that it has told of ends a listing too, whatever the exit code is: some of its parts go on without what
    they could not read.
    """
    errors = [line for line in output if _ERROR.match(line)]
    if code == 0 and not errors:
        return None
    shown_errors = "; ".join(map(shown, (errors or output)[-_LINES:])) or "it has not said why"
    who = f"gallery.address: {shown(address)}: gallery-dl ended with {code}: {shown_errors}"
    if code < 0 or code > 0xFF:
        return Transient(who)
    return _of_code(Exit(code), _status(errors), any(_GONE in line for line in errors), who)


def _of_code(code: Exit, status: int | None, is_gone: bool, who: str) -> MagritteError:
    if Exit.NO_EXTRACTOR in code:
        return RunUnusable(
            f"{who}. It knows no such board: correct the address, or name the `software` of a board of its own"
        )
    if Exit.CHALLENGE in code:
        return HostRefuses(f"{who}. The board wants a person, with a browser")
    if Exit.LOGIN in code or status == 401:
        return RunUnusable(f"{who}. The board shows this to accounts alone, and it is asked as a visitor")
    if code & (Exit.ARGUMENTS | Exit.INPUT):
        return RunUnusable(f"{who}. It does not take the address: correct it")
    if status in (403, 429):
        return HostRefuses(f"{who}. The board refuses to be asked; `magritte run RECIPE` goes on later")
    if is_gone or (status is not None and 400 <= status < 500 and status != 408):
        return RunUnusable(f"{who}. There is no such page, or the board does not take the search: correct the address")
    return Transient(who)


def _status(errors: Sequence[str]) -> int | None:
    """Return the HTTP status that the last error with one tells of."""
    found = [status for line in errors for status in _STATUS.findall(line)]
    return int(found[-1]) if found else None


def shown(line: str) -> str:
    """Return a line without what may be secret: logins and queries of addresses, and what is called a key or so."""
    return _SECRET.sub(r"\1\2...", _ADDRESS.sub(r"\1\2", line)).strip()[:_LONGEST]
