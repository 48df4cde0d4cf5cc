"""What the web side must be told by whoever wires it."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

from litestar.types import Scope

from ocpp_css.edge.rates import Rate


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Settings of the web side; immutable after start.

    `public_url` is where people reach it. Forwarded headers count only from `trusted_proxies`. Rates: `rate` for
    known callers, `anonymous_rate` for an address that showed nothing. `image_sources` (map tiles) and
    `form_targets` (payment pages) are origins that the content security policy lets in.
    """

    public_url: str = "http://127.0.0.1:8080"
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    is_development: bool = False
    version: str = "0"
    rate: Rate = field(default=Rate(burst=3000, per_s=20))
    anonymous_rate: Rate = field(default=Rate(burst=600, per_s=30))
    max_body_bytes: int = 10_000_000
    default_language: str = "en"
    streams_per_caller: int = 24
    image_sources: tuple[str, ...] = ()
    form_targets: tuple[str, ...] = ()
    metrics_token: str | None = None
    has_proxy: bool = False
    """Something may stand in front of the web port, so that a caller on this machine is not known to be one."""

    @property
    def is_https(self) -> bool:
        """Whether people reach the service over TLS."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the public address."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def session_cookie(self) -> str:
        """The session cookie's name; the `__Host-` prefix is the browser's promise of Secure, path / and no domain."""
        return "__Host-css_session" if self.is_https else "css_session"


def client_address(scope: Scope, settings: WebSettings) -> str:
    """The caller's IP address: the peer's, or the last one a trusted proxy did not add itself."""
    peer = scope.get("client")
    address = peer[0] if peer else ""
    if not _is_trusted(address, settings):
        return address
    hops = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    for hop in reversed([part.strip() for line in hops for part in line.split(",")]):
        if not _is_address(hop):
            return address
        address = hop
        if not _is_trusted(hop, settings):
            return hop
    return address


def is_local(scope: Scope) -> bool:
    """Whether the caller is on this machine, as far as the connection and the lack of a proxy's headers tell."""
    if any(name in _OF_A_PROXY or name.startswith(b"x-forwarded-") for name, _ in scope["headers"]):
        return False
    peer = scope.get("client")
    address = peer[0] if peer else ""
    return _is_address(address) and ip_address(address).is_loopback


_OF_A_PROXY = frozenset(
    {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"forwarded", b"via"}
)


def _is_trusted(address: str, settings: WebSettings) -> bool:
    if not settings.trusted_proxies or not _is_address(address):
        return False
    found = ip_address(address)
    return any(found.version == network.version and found in network for network in settings.trusted_proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
