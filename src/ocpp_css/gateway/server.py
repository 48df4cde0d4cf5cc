"""The stations' listener: handshake before the upgrade, plain and TLS (RULES 1)."""

import asyncio
import base64
import binascii
import hmac
import logging
import ssl
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSListener,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from ocpp_css.gateway import address, certificates, compression
from ocpp_css.gateway.connection import Connection
from ocpp_css.gateway.directory import CERTIFICATE, NO_CREDENTIAL, StationEntry
from ocpp_css.gateway.hub import Hub
from ocpp_css.gateway.limits import Tries
from ocpp_css.gateway.refusals import Reason, Refusals
from ocpp_css.kit.networks import Network, first_untrusted, is_in
from ocpp_css.ocpp import versions

HANDSHAKE_S = 10.0
LARGEST_FRAME = 4 << 20
BACKLOG = 4096
READ_BUFFER = 2048
MAX_HEADERS = 128
_ONCE = ("Host", "Authorization", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
_OF_A_BODY = ("Content-Length", "Transfer-Encoding")


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """picows makes a logger per connection out of a real one; the product logs for itself."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: ARG002, N802
        return False


_QUIET = _Quiet(logging.getLogger("picows"), {})


class Peer(NamedTuple):
    """The other end: its address, whether the station's line is encrypted, the client certificate it showed (DER)."""

    source: str
    is_encrypted: bool = False
    certificate: bytes | None = None


class Door:
    """Decides at each handshake, from memory and at once, who comes in."""

    def __init__(self, hub: Hub, trusted_proxies: Sequence[Network] = ()) -> None:
        self.hub = hub
        self.tries = Tries()
        self.refusals = Refusals(hub.db)
        self._trusted = trusted_proxies

    def open(self, request: WSUpgradeRequest, peer: Peer) -> WSUpgradeResponseWithListener:
        """The 101 with its connection, or one uniform refusal (RULES 1.2)."""
        if _is_crooked(request):
            self.hub.handshakes["crooked"] += 1
            return _refusal(400)
        where = address.parse(request.path)
        if where is None or "Origin" in request.headers:
            self.hub.handshakes["refused"] += 1
            return _unauthorized()
        peer = self._behind_proxy(peer, request)
        known = self.hub.directory.find(where.identity, where.code)
        found = self._admit(where, known, request.headers.get("Authorization"), peer)
        self.hub.handshakes["refused" if isinstance(found, str) else "accepted"] += 1
        if isinstance(found, str):
            if known is not None:
                self.refusals.note(known, found, peer.source)
            return _unauthorized()
        opened = self._accept(found[0], request, peer.source)
        if isinstance(opened.listener, Connection):
            opened.listener.address, opened.listener.is_encrypted = peer.source, peer.is_encrypted
            opened.listener.credential = found[1]
        return opened

    def _behind_proxy(self, peer: Peer, request: WSUpgradeRequest) -> Peer:
        """What a trusted proxy says of the station's side; nobody else is asked (TRUST A16)."""
        if not is_in(peer.source, self._trusted):
            return peer
        headers = request.headers
        schemes = {word.strip().lower() for line in headers.getall("X-Forwarded-Proto", []) for word in line.split(",")}
        return Peer(
            first_untrusted(peer.source, headers.getall("X-Forwarded-For", []), self._trusted),
            is_encrypted=peer.is_encrypted or (bool(schemes) and schemes <= {"https", "wss"}),
        )

    def _admit(
        self, where: address.Address, known: StationEntry | None, authorization: str | None, peer: Peer
    ) -> tuple[StationEntry, str] | Reason:
        """The station and what it is let in for; else why not, which nobody at the door is told."""
        who, now = (where.identity, peer.source), time.monotonic()
        if not self.tries.may_try(*who, now):
            return "too_many_tries"
        credential = self._credential(known, where.identity, authorization, peer)
        station = self._unknown(where) if known is None else known
        is_fight = station is not None and self.hub.is_quarantined(station)
        if station is None or (known is not None and credential is None) or is_fight:
            self.tries.failed(*who, now)
            return "quarantined" if is_fight else _why(known, where.identity, authorization, peer)
        if not _is_beyond_guessing(known, credential) and not self.tries.may_guess(*who, now):
            return "too_many_tries"
        self.tries.succeeded(*who)
        self.refusals.forgive(station)
        return station, credential or NO_CREDENTIAL

    def _credential(
        self, station: StationEntry | None, identity: str, authorization: str | None, peer: Peer
    ) -> str | None:
        """The hash of the password that counts, or what else lets it in; None: nothing does.

        The same work is done for a known and an unknown identity (TRUST A4).
        """
        name, password = _basic(authorization)
        given = self.hub.directory.hash_password(password)
        known = (*station.passwords, *station.next_passwords) if station is not None else ()
        matches = [hmac.compare_digest(given, right) for right in known or ("",)]
        if station is None or (station.security_profile >= 2 and not peer.is_encrypted):
            return None
        if station.security_profile >= 3:
            return CERTIFICATE if self._has_certificate(station, peer) else None
        if known and any(matches) and name == identity:
            return given
        return None if station.passwords or station.security_profile else NO_CREDENTIAL

    def _has_certificate(self, station: StationEntry, peer: Peer) -> bool:
        """Profile 3: the certificate names this station and its operator; else people are told (A00.FR.403 ff)."""
        names = {station.identity, station.serial_number or station.identity}
        owners = self.hub.directory.organizations(station.tenant)
        if peer.certificate is not None and certificates.is_of_station(peer.certificate, names, owners):
            return True
        self.hub.alarm(station, "certificate_refused", peer.source)
        return False

    def _unknown(self, where: address.Address) -> StationEntry | None:
        tenant = self.hub.directory.takes_unknown(where.code)
        if tenant is None:
            return None
        return StationEntry(tenant, 0, where.identity, registration_status="Pending")

    def _accept(self, station: StationEntry, request: WSUpgradeRequest, source: str) -> WSUpgradeResponseWithListener:
        offered = [
            name.strip() for line in request.headers.getall("Sec-WebSocket-Protocol", []) for name in line.split(",")
        ]
        protocol = versions.choose(offered[:100], station.versions)
        if protocol is None:
            self.refusals.note(station, "version", source)
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(), _Farewell())
        headers = {"Sec-WebSocket-Protocol": protocol.subprotocol}
        agreed = compression.accept(", ".join(request.headers.getall("Sec-WebSocket-Extensions", [])))
        if agreed is not None:
            headers["Sec-WebSocket-Extensions"] = agreed
        connection = Connection(self.hub, station, protocol, is_deflated=agreed is not None)
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(headers), connection)


class _Farewell(WSListener):
    """No common subprotocol: the handshake is completed without one, then closed (OCPP-J 2.0.1, 3.2)."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send_close(WSCloseCode.PROTOCOL_ERROR, b"no common subprotocol")
        transport.disconnect()


class _Knock(WSProtocol):  # type: ignore[misc]
    """picows's protocol that remembers the peer, which its factory is not told."""

    __slots__ = ("_door", "_peer")

    def __init__(self, door: Door) -> None:
        self._door = door
        self._peer = Peer("")
        super().__init__(
            None, None, False, self._open, _QUIET, True, HANDSHAKE_S, False, 20, 20,
            WSAutoPingStrategy.PING_WHEN_IDLE, True, LARGEST_FRAME, None, READ_BUFFER,
        )  # fmt: skip

    def connection_made(self, transport: Any) -> None:
        name = transport.get_extra_info("peername")
        tls = transport.get_extra_info("ssl_object")
        self._peer = Peer(
            str(name[0]) if isinstance(name, tuple) and name else "",
            is_encrypted=tls is not None,
            certificate=None if tls is None else tls.getpeercert(binary_form=True),
        )
        super().connection_made(transport)

    def _open(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        try:
            return self._door.open(request, self._peer)
        except Exception:
            logging.getLogger(__name__).exception("handshake failed")
            return _refusal(500)


def _is_beyond_guessing(station: StationEntry | None, credential: str | None) -> bool:
    """Whether it came in by a certificate or by a password that is too long to be found by trying."""
    return station is not None and bool(credential) and (credential == CERTIFICATE or not station.is_weak)


def _why(station: StationEntry | None, identity: str, authorization: str | None, peer: Peer) -> Reason:
    """Why a station was refused, in the order in which somebody would look for it."""
    name, password = _basic(authorization)
    if station is not None and station.security_profile >= 2 and not peer.is_encrypted:
        return "not_encrypted"
    if station is not None and station.security_profile >= 3:
        return "certificate"
    if not password:
        return "no_password"
    return "wrong_name" if name != identity else "wrong_password"


def _basic(authorization: str | None) -> tuple[str, bytes]:
    """User name and password of a Basic header; empty ones where there is none or it cannot be read."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic" or len(value) > 512:
        return "", b""
    try:
        name, _, password = base64.b64decode(value.strip(), validate=True).partition(b":")
        return name.decode("ascii"), password
    except (binascii.Error, ValueError):
        return "", b""


def _is_crooked(request: WSUpgradeRequest) -> bool:
    """Too many headers, one twice that stands once, or a body: two readers could take it for two things."""
    headers = request.headers
    return (
        len(headers) > MAX_HEADERS
        or any(len(headers.getall(name, [])) > 1 for name in _ONCE)
        or any(name in headers for name in _OF_A_BODY)
    )


def _unauthorized() -> WSUpgradeResponseWithListener:
    response = WSUpgradeResponse.create_error_response(401, b"", {"WWW-Authenticate": 'Basic realm="ocpp"'})
    return WSUpgradeResponseWithListener(response, None)


def _refusal(status: int) -> WSUpgradeResponseWithListener:
    return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(status, b""), None)


async def listen(
    door: Door, host: str, port: int, tls: ssl.SSLContext | None = None, *, is_shared: bool = False
) -> asyncio.AbstractServer:
    """Open a port for stations; of several ports one door counts the tries. A shared one is open in several processes,
    and the system spreads stations over them.
    """
    loop = asyncio.get_running_loop()
    if tls is None:
        return await loop.create_server(lambda: _Knock(door), host, port, backlog=BACKLOG, reuse_port=is_shared)
    import aiofastnet

    # OpenSSL reads and writes the socket itself: no buffers of 257 KiB each way in between (decision 80).
    tls._aiofastnet_force_socket_bio = True  # type: ignore[attr-defined]  # noqa: SLF001
    server: asyncio.AbstractServer = await aiofastnet.create_server(
        loop, lambda: _Knock(door), host, port, ssl=tls, backlog=BACKLOG, reuse_port=is_shared
    )
    return server
