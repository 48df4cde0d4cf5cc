"""The gateway's directory of stations: every registered station of every account, in memory (RULES 1.3)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Protocol

from ocpp_css.bus import Bus, Message, News
from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.model import Station
from ocpp_css.gateway.directory import StationEntry
from ocpp_css.kit.errors import Conflict
from ocpp_css.ocpp.leniency import Quirk
from ocpp_css.storage import Database, Unit

TRIES = 5


class Doors(Protocol):
    """What is known of accounts' doors; filled by `people/tenants`."""

    def tenant_of_code(self, code: str) -> int | None:
        """The account with this connection code."""
        ...

    def names_of(self, tenant: int) -> tuple[str, ...]:
        """The account's name and its connection code."""
        ...

    def holds_unknown(self, code: str | None) -> int | None:
        """The account that keeps unknown stations of this door as Pending; None: none does."""
        ...


class MemoryDirectory:
    """`gateway.Directory`, kept in step by the bus."""

    def __init__(self, db: Database, bus: Bus, doors: Doors, key: bytes) -> None:
        self._db = db
        self._doors = doors
        self._key = key
        self._by_identity: dict[tuple[int, str], StationEntry] = {}
        self._bare: dict[str, tuple[int, int]] = {}
        self._by_number: dict[tuple[int, int], StationEntry] = {}
        self._news = News(self._told)
        self.unsubscribe = bus.subscribe("stations.*", self._news.hear)

    async def load(self) -> None:
        """Read all stations: before the port opens, and where changes may have been missed."""
        before = set(self._by_number)
        with self._news.kept():
            stations, self._bare = await store.load_all(self._db)
            for place in before - {(tenant, station.station_id) for tenant, station in stations}:
                gone = self._by_number.pop(place, None)
                if gone is not None:
                    del self._by_identity[place[0], gone.identity]
            for tenant, station in stations:
                self._keep(tenant, describe(station))

    def find(self, identity: str, code: str | None) -> StationEntry | None:
        """See the port."""
        if code is not None:
            tenant = self._doors.tenant_of_code(code)
            return None if tenant is None else self._by_identity.get((tenant, identity))
        return self._by_number.get(self._bare[identity]) if identity in self._bare else None

    def takes_unknown(self, code: str | None) -> int | None:
        """See the port."""
        return self._doors.holds_unknown(code)

    def entry(self, tenant: int, station_id: int) -> StationEntry | None:
        """The entry of a station by its number."""
        return self._by_number.get((tenant, station_id))

    async def enrol(self, tenant: int, identity: str) -> StationEntry:
        """See the port; of two that come at once the second gets the entry of the first."""
        known = self._by_identity.get((tenant, identity))
        if known is not None:
            return known
        unit = self._db.unit(tenant)
        station = Station(
            station_id=unit.new_id(), identity=identity, identity_key=identity, registration_status="Pending",
            is_bare=True, created_at=unit.now,
        )  # fmt: skip
        try:
            await register(self._db, unit, station)
        except Conflict:
            if (tenant, identity) not in self._by_identity:
                raise
        return self._by_identity[tenant, identity]

    def hash_password(self, password: bytes) -> str:
        """See the port: HMAC-SHA256 with a key that is not in the database."""
        return hmac.new(self._key, password, hashlib.sha256).hexdigest()

    def organizations(self, tenant: int) -> tuple[str, ...]:
        """See the port: the account's name, or its connection code, which never changes."""
        return self._doors.names_of(tenant)

    async def proved(self, station: StationEntry, credential: str) -> None:
        """See the port; of two that settle at once the second looks again."""
        for _ in range(TRIES):
            unit = self._db.unit(station.tenant)
            found = await store.read_id(unit, station.station_id)
            if found is None or credential not in (found.next_passwords or ()):
                return
            only_the_next(unit, found, [credential])
            if await store.is_committed(unit):
                return

    def _told(self, topic: str, message: Message) -> None:
        tenant = int(topic.split(".")[1])
        entry = self._by_number.get((tenant, message["station_id"]))
        if "identity" in message:
            self._keep(tenant, message)
        elif entry is not None:
            for name in ("is_accepted", "serial_number"):
                if name in message:
                    setattr(entry, name, message[name])

    def _keep(self, tenant: int, station: Mapping[str, Any]) -> None:
        place = (tenant, station["station_id"])
        if station["removed"]:
            self._by_number.pop(place, None)
            self._by_identity.pop((tenant, station["identity"]), None)
            if self._bare.get(station["identity"]) == place:
                del self._bare[station["identity"]]
            return
        entry = self._by_number.setdefault(place, StationEntry(tenant, station["station_id"], station["identity"]))
        self._by_identity[tenant, entry.identity] = entry
        if station["is_bare"]:
            self._bare.setdefault(entry.identity, place)
        is_still_accepted = entry.is_accepted and station["registration_status"] == "Accepted"
        for name in ("security_profile", "registration_status", "max_message_bytes", "logs_heartbeats", "is_weak"):
            setattr(entry, name, station[name])
        entry.is_accepted = station["is_accepted"] or is_still_accepted
        entry.passwords = tuple(station["passwords"])
        entry.next_passwords = tuple(station["next_passwords"])
        entry.serial_number = station["serial_number"]
        entry.versions = tuple(station["versions"])
        entry.quirks = frozenset(Quirk(name) for name in station["quirks"])
        entry.heartbeat_interval_s = station["heartbeat_interval_s"]
        entry.limits = dict(station["limits"])


def describe(station: Station) -> Message:
    """What every gateway must know of a station, as it travels on the bus."""
    return {
        "station_id": station.station_id,
        "identity": station.identity,
        "removed": station.removed_at is not None,
        "is_bare": station.is_bare,
        "security_profile": station.security_profile,
        "is_weak": station.is_weak,
        "passwords": station.passwords,
        "next_passwords": station.next_passwords or [],
        "serial_number": station.serial_number,
        "versions": station.versions,
        "registration_status": station.registration_status,
        "is_accepted": station.registration_status == "Accepted" and station.accepted_at is not None,
        "quirks": station.quirks,
        "max_message_bytes": station.max_message_bytes,
        "logs_heartbeats": station.logs_heartbeats,
        "heartbeat_interval_s": station.heartbeat_interval_s,
        "limits": station.limits,
    }


def announce(unit: Unit, station: Station) -> None:
    """Tell every gateway of a station's new row, once it is committed."""
    unit.tell(f"stations.{unit.tenant}", describe(station))


def only_the_next(unit: Unit, station: Station, hashes: list[str]) -> Station:
    """The station has its next password: the one before is dead once this is committed (A01.FR.04)."""
    changed = store.change(
        unit, station, passwords=hashes, next_passwords=None, is_weak=False,
        security_profile=max(station.security_profile, 1),
    )  # fmt: skip
    announce(unit, changed)
    return changed


async def register(db: Database, unit: Unit, station: Station) -> Station:
    """Store a new station; the bare address is claimed first, and given up where it is taken (RULES 1.1)."""
    if station.is_bare:
        claim = db.unit(0)
        store.claim_bare(claim, unit.tenant, station)
        if not await store.is_committed(claim):
            station = store.with_code_only(station)
    store.add(unit, station)
    announce(unit, station)
    await unit.commit()
    return station
