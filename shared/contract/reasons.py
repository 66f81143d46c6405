"""What can become of a picture or a face: the closed list of reasons, and the value that carries one."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a picture or a face is not in the data set. A stage drops with one of these and no other."""

    # The file or the answer itself
    UNREADABLE_FILE = "unreadable-file"
    FETCH_FAILED = "fetch-failed"
    OPTED_OUT = "opted-out"
    EXCLUDED_ARTIST = "excluded-artist"
    EXCLUDED_WORK = "excluded-work"
    EMPTY_FILE = "empty-file"
    TOO_MANY_BYTES = "too-many-bytes"
    # What a board says of a post, before a byte is fetched
    BANNED = "banned"
    TAKEN_DOWN = "taken-down"
    RESTRICTED = "restricted"
    LIMITED_BY_BOARD = "limited-by-board"
    DELETED = "deleted"
    NOT_A_STILL_PICTURE = "not-a-still-picture"
    WRONG_RATING = "wrong-rating"
    AI_MADE = "ai-made"
    EXCLUDED_TAG = "excluded-tag"
    MISSING_TAG = "missing-tag"
    OUTSIDE_DATES = "outside-dates"
    BELOW_SCORE = "below-score"
    BELOW_FAVOURITES = "below-favourites"
    BELOW_VIEWS = "below-views"
    # The picture
    NOT_A_PICTURE = "not-a-picture"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too-many-pixels"
    TEXT_BOMB = "text-bomb"
    TIME_LIMIT_EXCEEDED = "time-limit-exceeded"
    TOO_SMALL = "too-small"
    TOO_ELONGATED = "too-elongated"
    MONOCHROME = "monochrome"
    COMIC_PAGE = "comic-page"
    # Duplicates
    EXACT_DUPLICATE = "exact-duplicate"
    NEAR_DUPLICATE = "near-duplicate"
    MIRRORED_DUPLICATE = "mirrored-duplicate"
    # Faces
    NO_FACE = "no-face"
    TOO_MANY_FACES = "too-many-faces"
    FACE_TOO_SMALL = "face-too-small"
    FACE_TOO_ELONGATED = "face-too-elongated"
    FACE_TOO_LOW = "face-too-low"
    FACE_BLURRED = "face-blurred"
    FACE_COMPRESSED = "face-compressed"
    FACE_AT_THE_EDGE = "face-at-the-edge"
    OTHER_COLOURS = "other-colours"
    OTHER_CHARACTER = "other-character"
    NO_FIGURE = "no-figure"
    NOT_VERIFIED = "not-verified"
    # Classes
    UNLABELLED = "unlabelled"
    # A person
    REJECTED = "rejected"


PASSING = frozenset({Reason.TIME_LIMIT_EXCEEDED})
"""Reasons that say more of the machine than of the picture: another run tries again."""


NO_PICTURE = frozenset({Reason.NOT_A_PICTURE, Reason.EMPTY_FILE, Reason.TRUNCATED, Reason.CORRUPT})
"""What an address can answer once and not the next time: a server that is busy or takes us for a robot sends a page or
nothing with the status of success, and a connection that breaks cuts a picture short or damages it."""


@dataclass(frozen=True)
class Drop:
    """A picture or face leaves the run: `reason` is counted, `detail` is one sentence for a person."""

    reason: Reason
    detail: str
