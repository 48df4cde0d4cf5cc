"""A test charge: an emulated station of the account that connects, charges for half a minute, and leaves."""

import asyncio
import secrets
from typing import Any

import structlog

from ocpp_css.charging import stations, tokens
from ocpp_css.edge.principal import Principal
from ocpp_css.people import audit
from ocpp_css.simulator.client import LiveStation
from ocpp_css.simulator.machine import Options
from ocpp_css.storage import Database

READINGS = 12
EVERY_S = 2.0
TIME_SCALE = 60.0
_log = structlog.get_logger(__name__)


class TestCharges:
    """Runs test charges in this process, one at a time in each account."""

    def __init__(self, db: Database, directory: stations.MemoryDirectory, *, every_s: float = EVERY_S) -> None:
        self._db = db
        self._directory = directory
        self._every_s = every_s
        self._running: dict[int, asyncio.Task[None]] = {}
        self._made: dict[int, tuple[str, str]] = {}

    def runs(self, tenant: int) -> bool:
        """Whether a test charge of the account is going on."""
        return tenant in self._running

    async def begin(self, principal: Principal, url: str) -> str:
        """Start one; the identity of its station. `url` is where stations of the account connect."""
        tenant = principal.tenant
        identity, password = self._made.get(tenant) or await self._make(principal)
        card = await self._card(principal)
        if not self.runs(tenant):
            task = asyncio.create_task(self._charge(url, identity, password, card), name=f"test charge {identity}")
            self._running[tenant] = task
            task.add_done_callback(lambda _: self._running.pop(tenant, None))
        return identity

    async def close(self) -> None:
        """End what is going on."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(self, principal: Principal) -> tuple[str, str]:
        identity, password = f"TEST-{secrets.token_hex(3).upper()}", stations.new_password()
        fields: dict[str, Any] = {"identity": identity, "name": "Test charge"}
        unit = self._db.unit(principal.tenant)
        audit.record(unit, principal, "station.create", "station", identity)
        await stations.create(self._db, self._directory, unit, fields, password)
        self._made[principal.tenant] = identity, password
        return identity, password

    async def _card(self, principal: Principal) -> str:
        unit = self._db.unit(principal.tenant)
        found = await tokens.any_accepted(unit)
        if found is not None:
            return found.id_token
        card = await add_token(unit, "TEST-CARD")
        audit.record(unit, principal, "token.create", "token", "")
        await unit.commit()
        return card

    async def _charge(self, url: str, identity: str, password: str, card: str) -> None:
        options = Options(
            identity=identity, id_tokens=(card,), power_w=22_000, time_scale=TIME_SCALE, kept_frames=0, reconnects=False
        )
        station = LiveStation(url, options, password=password)
        try:
            await station.connect()
            await station.plug_in(1)
            await station.start(1, card)
            for _ in range(READINGS):
                await asyncio.sleep(self._every_s)
                await station.send_meter_values(1)
            await station.stop(1, card)
            await station.unplug(1)
        except Exception:  # noqa: BLE001 - whatever ended it, the account goes on without it
            await _log.awarning("test_charge_ended", station=identity, exc_info=True)
        finally:
            await station.close()


async def add_token(unit: Any, id_token: str) -> str:
    """A card that may charge."""
    made = await tokens.create(
        unit, id_token=id_token, type="ISO14443", status="Accepted", group_id=None, parent=None, expires_at=None,
        max_concurrent=None, language=None, note=None,
    )  # fmt: skip
    return made.id_token
