"""What fetching by address may connect to: the public internet, and networks that an operator has allowed. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

PORTS = frozenset({80, 443})
"""Ports of web servers on the public internet; other ports are those of services that expect no visitors."""

_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class EgressPolicy:
    """The public internet, at `PORTS`, and the networks `private`, at any port."""

    private: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, text: str) -> "EgressPolicy":
        """Parse private networks from a text such as `192.168.1.0/24 10.0.0.7`; raises `ValueError` for others."""
        return cls(tuple(ip_network(word) for word in text.replace(",", " ").split()))

    def refusal(self, address: str, port: int) -> str | None:
        """Return the reason to refuse connections to a numeric address at `port`; None when they are allowed."""
        found = ip_address(address)
        if any(found in network for network in self.private):
            return None
        if not is_public(found):
            return f"{address} is not a public address"
        return None if port in PORTS else f"port {port} is not one of a public web server"


def is_public(address: Address) -> bool:
    """Return whether `address` is on the public internet; one that embeds an IPv4 address is judged by that."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        return is_public(inner) if inner is not None else address in _UNICAST and address.is_global
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that routers make of an IPv6 address: mapped, NAT64, 6to4 or Teredo; None for others."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
