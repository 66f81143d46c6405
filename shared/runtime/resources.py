"""What a stage may use for one message."""

from dataclasses import dataclass

from shared.settings import PICTURE_SECONDS


@dataclass(frozen=True)
class Resources:
    """What a stage may use for one message: so many threads, and so many seconds if it is about one picture."""

    threads: int = 1
    picture_seconds: float = PICTURE_SECONDS
