"""The separate program gallery-dl, which lists boards that Magritte has no client for.

It is under the GPL, version 2 only: it is started as a program of its own, and never imported.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from shared.contract.errors import Unusable
from shared.recipe.gallery import GallerySource
from shared.recipe.sources import Source

REMEDY = "pip install 'magritte[boards]' where the scraper runs"
NAME = "gallery-dl"
OLDEST, NEWER_THAN_KNOWN = (1, 32, 18), (2,)
_PATIENCE = 60.0


@cache
def program() -> Path:
    """Return the path of the program, beside this Python or else on the PATH.

    Raises `Unusable` if there is none, or none of a version whose output we know.
    """
    return found_in(os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]))


def found_in(folders: str) -> Path:
    """Return the path of the first program in some folders, once it has said its version. Raises `Unusable`."""
    found = shutil.which(NAME, path=folders)
    if found is None:
        raise Unusable(f"{NAME} is not installed: {REMEDY}")
    try:
        done = subprocess.run(
            [found, "--version"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
            env={"PATH": os.defpath},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unusable(f"{found} does not work: {error}. Install it again: {REMEDY}") from error
    check_version(found, done.stdout.strip())
    return Path(found)


def check_version(found: str, said: str) -> None:
    """Raise `Unusable` for a version that is older than the one we know, or so much newer that all may be different."""
    number = re.match(r"(\d+)\.(\d+)\.(\d+)", said)
    if number is None:
        raise Unusable(f"{found} does not say its version, but {said[:80]!r}. Install it again: {REMEDY}")
    if not OLDEST <= tuple(map(int, number.groups())) < NEWER_THAN_KNOWN:
        least, below = (".".join(map(str, version)) for version in (OLDEST, NEWER_THAN_KNOWN))
        raise Unusable(f"{found} has the version {said[:20]}; needed is {least} or newer, and below {below}: {REMEDY}")


def check_installed(sources: Iterable[Source]) -> None:
    """Raise `Unusable`, which names the source, if one of a recipe needs the program and it cannot be used here."""
    for number, source in enumerate(sources):
        if isinstance(source, GallerySource):
            try:
                program()
            except Unusable as error:
                raise Unusable(f"sources[{number}].gallery: {error}") from error
