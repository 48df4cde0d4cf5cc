"""Stations come, change and go by an operator's hand."""

import string
from typing import Any

import msgspec

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.errors import IdentityRefused, PasswordRefused, StationExists, StationUnknown
from ocpp_css.charging.stations.events import StationRegistered
from ocpp_css.charging.stations.model import Station
from ocpp_css.charging.stations.service.directory import MemoryDirectory, announce, register
from ocpp_css.gateway.address import is_identity
from ocpp_css.kit.errors import Fault, Invalid
from ocpp_css.storage import PROVIDER, Database, Unit

SHORTEST_PASSWORD = 16
LONGEST_PASSWORD = 64
KNOWN_S = 1.0
"""A gateway that does not say in this time that it knows a new station is not waited for (RULES 1.3)."""


async def get(unit: Unit, identity: str) -> Station:
    """The registered station; StationUnknown where there is none."""
    station = await store.read(unit, identity)
    if station is None:
        raise StationUnknown
    return station


async def create(
    db: Database, directory: MemoryDirectory, unit: Unit, fields: dict[str, Any], password: str | None
) -> Station:
    """Register a station; stored, and known to every gateway, when this returns."""
    identity = fields["identity"]
    if not is_identity(identity):
        raise IdentityRefused(errors=[Fault("identity", IdentityRefused.explanation)])
    if await store.read(unit, identity) is not None:
        raise StationExists
    allow_weak = fields.pop("allow_weak", False)
    hashes = [] if password is None else hash_password(directory, password, allow_weak=allow_weak)
    profile = fields.pop("security_profile", None)
    station = Station(
        station_id=unit.new_id(),
        identity_key=identity,
        passwords=hashes,
        is_weak=password is not None and len(password) < SHORTEST_PASSWORD,
        security_profile=_profile(profile, has_password=bool(hashes)),
        is_bare=True,
        created_at=unit.now,
        **fields,
    )
    unit.emit(StationRegistered(station.station_id, identity, "created"))
    station = await register(db, unit, station)
    await db.bus.settle(KNOWN_S)
    return station


def _profile(asked: int | None, *, has_password: bool) -> int:
    """The profile a station must use: what was asked, else Basic where it has a password."""
    if asked is None:
        return int(has_password)
    if asked in {1, 2} and not has_password:
        raise Invalid("A station of security profile 1 or 2 needs a password.", errors=[Fault("password", "missing")])
    return asked


def hash_password(directory: MemoryDirectory, password: str, *, allow_weak: bool) -> list[str]:
    """The hashes that admit a password; the octets behind hex digits count as well (RULES 1.3)."""
    if not password or len(password) > LONGEST_PASSWORD or (len(password) < SHORTEST_PASSWORD and not allow_weak):
        raise PasswordRefused(errors=[Fault("password", PasswordRefused.explanation)])
    hashes = [directory.hash_password(password.encode())]
    if len(password) % 2 == 0 and all(letter in string.hexdigits for letter in password):
        hashes.append(directory.hash_password(bytes.fromhex(password)))
    return hashes


def change(unit: Unit, station: Station, changes: dict[str, Any]) -> Station:
    """Change what `changes` names; connected stations feel it at once."""
    if not changes:
        return station
    changed = store.change(unit, station, **changes)
    announce(unit, changed)
    unit.emit(StationRegistered(station.station_id, station.identity, "changed"))
    return changed


def set_password(
    directory: MemoryDirectory, unit: Unit, station: Station, password: str, *, allow_weak: bool
) -> Station:
    """What the service accepts from now on; the old password is dead once this is committed."""
    hashes = hash_password(directory, password, allow_weak=allow_weak)
    return change(
        unit,
        station,
        {
            "passwords": hashes,
            "next_passwords": None,
            "is_weak": len(password) < SHORTEST_PASSWORD,
            "security_profile": max(station.security_profile, 1),
        },
    )


async def remove(db: Database, unit: Unit, station: Station) -> None:
    """Take a station out; its history stays, its identity may be registered again (RULES 4.4)."""
    gone = store.change(unit, station, identity_key=None, removed_at=unit.now)
    announce(unit, msgspec.structs.replace(gone, removed_at=unit.now))
    unit.emit(StationRegistered(station.station_id, station.identity, "removed"))
    await unit.commit()
    if await store.bare_owner(db, station.identity) == (unit.tenant, station.station_id):
        release = db.unit(PROVIDER)
        store.release_bare(release, station.identity)
        await release.commit()
