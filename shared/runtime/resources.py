"""What a stage may use for one message."""

from dataclasses import dataclass

from shared.settings import PICTURE_SECONDS


@dataclass(frozen=True)
class Resources:
    """Limits of a stage for one message: its threads, and its seconds if the message is about one picture."""

    threads: int = 1
    picture_seconds: float = PICTURE_SECONDS
