"""Which addresses may be asked at all, as far as their text tells; `connections` looks at where they lead."""

import httpx

from shared.fates import Drop, Reason


def check_address(address: str) -> Drop | None:
    """Why an address, of a list or of a redirect, may not be fetched; None when it may.

    Called before every single request.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        return Drop(Reason.FETCH_FAILED, f"no address: {error}")
    if url.scheme not in ("http", "https") or not url.host:
        return Drop(Reason.FETCH_FAILED, f"no http or https address: {address[:200]}")
    return None
