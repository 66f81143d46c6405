import pytest

from services.scraper.sources.address import check_address
from shared.fates import Reason


@pytest.mark.parametrize("address", ["http://example.org/a.png", "HTTPS://example.org:8443/ä b.png?x=1#y"])
def test_http_and_https_addresses_may_be_fetched(address: str) -> None:
    assert check_address(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.org/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AA",
        "a.png",
        "",
        "http://",
        "http://[::1",
    ],
)
def test_anything_else_may_not(address: str) -> None:
    dropped = check_address(address)
    assert dropped is not None
    assert dropped.reason is Reason.FETCH_FAILED
