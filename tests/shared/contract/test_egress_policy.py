from ipaddress import ip_address

import pytest

from shared.contract.egress_policy import EgressPolicy, is_public


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "223.255.255.254", "2606:4700:4700::1111", "2a00::1"])
def test_what_the_internet_routes_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
        *("100.64.0.1", "169.254.169.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%2", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001:0:5ef5:79fd:0:0:80ff:fffe", "64:ff9b:1::1", "100::1"),
    ],
)
def test_what_stays_in_a_network_or_leads_into_one_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"])
def test_an_address_in_the_disguise_of_another_is_as_public_as_that(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("port", [22, 5672, 8080, 9200])
def test_public_addresses_are_within_reach_at_the_ports_of_web_servers(port: int) -> None:
    assert EgressPolicy().refusal("1.1.1.1", 443) is EgressPolicy().refusal("1.1.1.1", 80) is None
    assert EgressPolicy().refusal("1.1.1.1", port) == f"port {port} is not one of a public web server"


def test_networks_that_were_allowed_are_within_reach_at_any_port() -> None:
    reach = EgressPolicy.of("192.168.1.0/24, fd00::/8 10.0.0.7")
    assert [reach.refusal(address, 8080) for address in ("192.168.1.9", "fd00::9", "10.0.0.7")] == [None] * 3
    assert reach.refusal("192.168.2.9", 80) == "192.168.2.9 is not a public address"


def test_what_is_no_network_is_an_error() -> None:
    with pytest.raises(ValueError, match="my-nas"):
        EgressPolicy.of("my-nas")
