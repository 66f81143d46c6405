"""What the error codes of S3 servers mean to a run."""

import re
from http import HTTPStatus

from shared.contract.errors import MagritteError, NotFound, SettingsError, StoreFull, StoreUnavailable, Transient

_CLOCK = {"RequestTimeTooSkewed", "RequestExpired"}
_REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_FULL = re.compile(r".*(QuotaExceeded|StorageFull|InsufficientStorage)")
_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
_PASSING = {"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch", "NoSuchBucket"}
"""Codes of passing errors, which their status does not show: damage on the way, or a bucket about to be made again."""


def meaning(code: str, status: int, what: str, bucket: str) -> MagritteError:
    """Translate an S3 server's error about `what` into one of `shared.contract.errors`."""
    sentence = f"{what}: the S3 server answered {status} {code}"
    if code == "NoSuchKey":
        return NotFound(f"no object {what}")
    if _FULL.fullmatch(code) or status == HTTPStatus.INSUFFICIENT_STORAGE:
        return StoreFull(f"no space left in bucket {bucket} ({code}): free some, then run again")
    if code in _CLOCK:
        return SettingsError("the clocks of this machine and of the S3 server differ too much: set them")
    if code in _REGION:
        return SettingsError(f"MAGRITTE_S3_REGION, MAGRITTE_S3_ENDPOINT: not those of bucket {bucket} ({code})")
    if status in _REFUSED:
        return SettingsError(f"MAGRITTE_S3_ACCESS_KEY, MAGRITTE_S3_SECRET_KEY: refused for bucket {bucket} ({code})")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY or code in _PASSING:
        return StoreUnavailable(sentence)
    return Transient(sentence)
