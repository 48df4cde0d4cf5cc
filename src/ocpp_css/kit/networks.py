"""Who speaks through proxies: forwarded headers count only from networks that are trusted (TRUST A16)."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

LOOPBACK: Sequence[Network] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Whether the address is one of these networks'; False for what is no address."""
    if not networks or not _is_address(address):
        return False
    found = ip_address(address)
    return any(found.version == network.version and found in network for network in networks)


def first_untrusted(peer: str, forwarded_for: Iterable[str], trusted: Sequence[Network]) -> str:
    """The caller's address: the peer's, or the last one in the `X-Forwarded-For` lines that no trusted proxy has."""
    if not is_in(peer, trusted):
        return peer
    address = peer
    for hop in reversed([part.strip() for line in forwarded_for for part in line.split(",")]):
        if not _is_address(hop):
            return address
        address = hop
        if not is_in(hop, trusted):
            return hop
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
