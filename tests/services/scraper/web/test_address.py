import pytest

from services.scraper.web.address import host_of, parsed
from shared.contract.reasons import Drop, Reason


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://example.org/a.png", "example.org"),
        ("HTTPS://example.org:8443/ä b.png?x=1#y", "example.org"),
        ("http://example.org:/a.png", "example.org"),
        ("http://user:pass@example.org:65535/a.png", "example.org"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://xn--ls8h.example/a.png", "xn--ls8h.example"),
        ("http://xn--/", "xn--"),
        ("http://[::1]:8080/", "::1"),
    ],
)
def test_http_and_https_addresses_may_be_fetched_by_the_host_s_ascii_name(address: str, host: str) -> None:
    url = parsed(address)
    assert not isinstance(url, Drop)
    assert host_of(url) == host


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.org/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AA",
        "a.png",
        "",
        "http://",
        "http:///a.png",
        "http://user:pass@/a.png",
        "http://[::1",
        "http://::1]/",
        "http://[not a number]/",
        "http://example.org\x00/",
        "http://example.org/\x00.png",
        "http://example.org/\ud800.png",
        "http://\ud800.example/",
        "http://example.org:99999/x.jpg",
        "http://example.org:65536/",
        "http://example.org:0/",
        "http://example.org:-1/",
        "http://example.org:80:80/",
        "http://example.org:" + "9" * 5000,
        "http://example.org/" + "a" * 70_000,
    ],
    ids=lambda address: repr(address)[:40],
)
def test_anything_else_may_not(address: str) -> None:
    dropped = parsed(address)
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED
    assert 10 < len(dropped.detail) <= 300


def test_a_port_that_there_is_not_is_named() -> None:
    assert parsed("http://example.org:99999/x.jpg") == Drop(
        Reason.FETCH_FAILED, "no address: the port 99999 is not one of 1 to 65535"
    )
