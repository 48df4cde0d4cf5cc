"""A whole service in this process, an API client, stations written with another library: what journeys need."""

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import websockets

from ocpp_css.app.running import Service, running
from ocpp_css.app.settings import Settings
from ocpp_css.people import tenants
from ocpp_css.people.access import commands
from ocpp_css.storage import PROVIDER

PATIENCE_S = 30


@asynccontextmanager
async def whole_service(data: Path, **settings: Any) -> AsyncIterator[Service]:
    """The service on free ports of the loopback interface."""
    given = {"host": "127.0.0.1", "web_port": 0, "station_port": 0, "station_tls_port": 0, **settings}
    async with running(Settings(data=data, **given)) as service:
        yield service


async def api_of(service: Service, account: str | None = None, scopes: tuple[str, ...] = ("*",)) -> httpx.AsyncClient:
    """A client with a key of the account; of the default one where none is named."""
    name = account or (await default_account(service)).connection_code
    made = await commands.create_api_key(service.wiring.db, name, "tests", scopes)
    return httpx.AsyncClient(
        base_url=f"{service.web_url}/api/v1",
        headers={"Authorization": f"Bearer {made['api_key']}"},
        timeout=PATIENCE_S,
    )


async def default_account(service: Service) -> tenants.Account:
    """The default account."""
    account = await tenants.default(service.wiring.db.unit(PROVIDER))
    assert account is not None
    return account


def basic(identity: str, password: str | bytes) -> dict[str, str]:
    """The header of Basic authentication."""
    secret = password if isinstance(password, bytes) else password.encode()
    return {"Authorization": "Basic " + base64.b64encode(identity.encode() + b":" + secret).decode()}


def now() -> str:
    """The present moment as a station writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class Wire:
    """One station's connection, frame by frame, by the `websockets` library."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)

    async def send(self, frame: Any) -> None:
        """A frame, or text as it stands."""
        await self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def receive(self, patience_s: float = PATIENCE_S) -> Any:
        """The next frame."""
        return json.loads(await asyncio.wait_for(self.socket.recv(), patience_s))

    async def call(self, action: str, payload: Any, message_id: str | None = None) -> Any:
        """Send a CALL and give back the whole answering frame."""
        message_id = message_id or f"m{next(self._numbers)}"
        await self.send([2, message_id, action, payload])
        while (frame := await self.receive())[1] != message_id:
            raise AssertionError(f"unexpected frame {frame}")
        return frame

    async def ask(self, action: str, payload: Any) -> Any:
        """Send a CALL; the payload of its CALLRESULT."""
        frame = await self.call(action, payload)
        assert frame[0] == 3, frame
        return frame[2]

    async def answer(self, payload: Any) -> tuple[str, Any]:
        """Wait for a CALL of the service and answer it; its action and payload."""
        kind, message_id, action, asked = await self.receive()
        assert kind == 2
        await self.send([3, message_id, payload])
        return action, asked

    async def boot(self) -> Any:
        """The BootNotification of the connection's version."""
        if self.socket.subprotocol == "ocpp1.6":
            return await self.ask("BootNotification", {"chargePointVendor": "Vendor", "chargePointModel": "Model"})
        station = {"vendorName": "Vendor", "model": "Model"}
        return await self.ask("BootNotification", {"reason": "PowerUp", "chargingStation": station})


class Reachable(Protocol):
    """A service in this process or in another."""

    station_url: str


@asynccontextmanager
async def station(
    service: Reachable, identity: str, version: str = "1.6", password: str | bytes | None = None, **options: Any
) -> AsyncIterator[Wire]:
    """A connected station; `path` replaces the identity in the address."""
    url = f"{service.station_url}/{options.pop('path', identity)}"
    headers = {} if password is None else basic(identity, password)
    async with websockets.connect(
        url, subprotocols=[websockets.Subprotocol(f"ocpp{version}")], additional_headers=headers, **options
    ) as socket:
        yield Wire(socket)


async def until(found: Any, patience_s: float = PATIENCE_S) -> Any:
    """Ask the coroutine function again and again until it gives something true."""
    ends = asyncio.get_running_loop().time() + patience_s
    while True:
        value = await found()
        if value:
            return value
        assert asyncio.get_running_loop().time() < ends, "it did not come in time"
        await asyncio.sleep(0.02)
