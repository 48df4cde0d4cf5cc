"""The stations' listener: handshake before the upgrade, plain and TLS (RULES 1)."""

import asyncio
import base64
import binascii
import hmac
import logging
import ssl
import time
from typing import Any

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

from ocpp_css.gateway import address, compression
from ocpp_css.gateway.connection import Connection
from ocpp_css.gateway.directory import StationEntry
from ocpp_css.gateway.hub import Hub
from ocpp_css.gateway.limits import Tries
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


class Door:
    """Decides at each handshake, from memory and at once, who comes in."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.tries = Tries()

    def open(self, request: WSUpgradeRequest, source: str, *, is_secure: bool) -> WSUpgradeResponseWithListener:
        """The 101 with its connection, or one uniform refusal (RULES 1.2)."""
        if _is_crooked(request):
            return _refusal(400)
        where = address.parse(request.path)
        if where is None or "Origin" in request.headers:
            return _unauthorized()
        station = self._admit(where, request.headers.get("Authorization"), source, is_secure=is_secure)
        return _unauthorized() if station is None else self._accept(station, request)

    def _admit(
        self, where: address.Address, authorization: str | None, source: str, *, is_secure: bool
    ) -> StationEntry | None:
        now = time.monotonic()
        if not self.tries.may_try(where.identity, source, now):
            return None
        station = self.hub.directory.find(where.identity, where.code)
        is_right = self._is_right(station, where.identity, authorization, is_secure=is_secure)
        if station is None:
            station = self._unknown(where)
            is_right = station is not None
        if not is_right or station is None or self.hub.is_quarantined(station):
            self.tries.failed(where.identity, source, now)
            return None
        self.tries.succeeded(where.identity, source)
        return station

    def _is_right(
        self, station: StationEntry | None, identity: str, authorization: str | None, *, is_secure: bool
    ) -> bool:
        """The same work is done for a known and an unknown identity (TRUST A4)."""
        name, password = _basic(authorization)
        given = self.hub.directory.hash_password(password)
        known = station.passwords if station is not None else ()
        matches = [hmac.compare_digest(given, right) for right in known or ("",)]
        if station is None or (station.security_profile >= 2 and not is_secure):
            return False
        return (any(matches) and name == identity) if station.passwords else station.security_profile == 0

    def _unknown(self, where: address.Address) -> StationEntry | None:
        tenant = self.hub.directory.takes_unknown(where.code)
        if tenant is None:
            return None
        return StationEntry(tenant, 0, where.identity, registration_status="Pending")

    def _accept(self, station: StationEntry, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        offered = [
            name.strip() for line in request.headers.getall("Sec-WebSocket-Protocol", []) for name in line.split(",")
        ]
        protocol = versions.choose(offered[:100], station.versions)
        if protocol is None:
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

    __slots__ = ("_door", "_is_secure", "_source")

    def __init__(self, door: Door) -> None:
        self._door = door
        self._source = ""
        self._is_secure = False
        super().__init__(
            None, None, False, self._open, _QUIET, True, HANDSHAKE_S, False, 20, 20,
            WSAutoPingStrategy.PING_WHEN_IDLE, True, LARGEST_FRAME, None, READ_BUFFER,
        )  # fmt: skip

    def connection_made(self, transport: Any) -> None:
        peer = transport.get_extra_info("peername")
        self._source = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        self._is_secure = transport.get_extra_info("ssl_object") is not None
        super().connection_made(transport)

    def _open(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        try:
            opened = self._door.open(request, self._source, is_secure=self._is_secure)
        except Exception:
            logging.getLogger(__name__).exception("handshake failed")
            return _refusal(500)
        if isinstance(opened.listener, Connection):
            opened.listener.address = self._source
        return opened


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
    hub: Hub, host: str, port: int, tls: ssl.SSLContext | None = None, *, is_shared: bool = False
) -> asyncio.AbstractServer:
    """Open the stations' port; a shared one is open in several processes, and the system spreads stations over them."""
    door = Door(hub)
    loop = asyncio.get_running_loop()
    if tls is None:
        return await loop.create_server(lambda: _Knock(door), host, port, backlog=BACKLOG, reuse_port=is_shared)
    import aiofastnet

    server: asyncio.AbstractServer = await aiofastnet.create_server(
        loop, lambda: _Knock(door), host, port, ssl=tls, backlog=BACKLOG, reuse_port=is_shared
    )
    return server
