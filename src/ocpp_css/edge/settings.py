"""What the web side must be told by whoever wires it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from litestar.types import Scope

from ocpp_css.kit.networks import LOOPBACK, Network, first_untrusted, is_in
from ocpp_css.kit.rates import Rate


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Settings of the web side; immutable after start.

    `public_url` is where people reach it. Forwarded headers count only from `trusted_proxies`. Rates: `rate` for
    known callers, `anonymous_rate` for an address that showed nothing. `image_sources` (map tiles) and
    `form_targets` (payment pages) are origins that the content security policy lets in.
    """

    public_url: str = "http://127.0.0.1:8080"
    trusted_proxies: tuple[Network, ...] = ()
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
    hops = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return first_untrusted(peer[0] if peer else "", hops, settings.trusted_proxies)


def is_local(scope: Scope) -> bool:
    """Whether the caller is on this machine, as far as the connection and the lack of a proxy's headers tell."""
    if any(name in _OF_A_PROXY or name.startswith(b"x-forwarded-") for name, _ in scope["headers"]):
        return False
    peer = scope.get("client")
    address = peer[0] if peer else ""
    return is_in(address, LOOPBACK)


_OF_A_PROXY = frozenset(
    {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"forwarded", b"via"}
)
