"""A station gets a new password from the service, in two phases, so that no crash locks it out (TRUST A20, A01).

First the new one is stored beside the old, then it is sent; both count until it is known which of them the station has:
it said so, or it came in with the new one (`MemoryDirectory.proved`).
"""

import secrets
import string
from enum import Enum

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.model import Station
from ocpp_css.charging.stations.service.directory import TRIES, MemoryDirectory, announce, only_the_next
from ocpp_css.charging.stations.service.registration import LONGEST_PASSWORD, hash_password
from ocpp_css.kit.errors import Conflict
from ocpp_css.storage import Database, Unit

OCTETS = 20
"""1.6: an AuthorizationKey has 16 to 20 octets, sent as up to 40 hex digits (A00.FR.205)."""
LENGTH = 24
"""2.x: a passwordString has 16 to 40 characters; 24 letters and digits are 142 random bits."""
_LETTERS = string.ascii_letters + string.digits
"""No other characters: one that begins with a hyphen would be an option to whoever types it into a command."""
assert OCTETS * 2 <= LONGEST_PASSWORD


class Outcome(Enum):
    """What became of a new password."""

    ROTATED = "rotated"
    """The station has it; the old one is dead."""
    REFUSED = "refused"
    """The station does not have it; the old one stays."""
    PENDING = "pending"
    """Nobody knows; both count until the station comes in with the new one."""


def new_password(version: str = "") -> str:
    """A random password as this version writes it; without one, for any station that a person types it into."""
    if version == "1.6":
        return secrets.token_hex(OCTETS)
    return "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))


def begin_rotation(directory: MemoryDirectory, unit: Unit, station: Station, password: str) -> list[str]:
    """Let the new password count as well; its hashes. An earlier one that nobody knows about goes on counting."""
    hashes = hash_password(directory, password, allow_weak=False)
    announce(unit, store.change(unit, station, next_passwords=[*(station.next_passwords or ()), *hashes]))
    return hashes


async def settle_rotation(db: Database, tenant: int, station_id: int, hashes: list[str], outcome: Outcome) -> None:
    """Keep what is known now; the station may have come in with its new password meanwhile, then that stands."""
    for _ in range(TRIES if outcome is not Outcome.PENDING else 0):
        unit = db.unit(tenant)
        station = await store.read_id(unit, station_id)
        waiting = [] if station is None else station.next_passwords or []
        if station is None or hashes[0] not in waiting:
            return
        if outcome is Outcome.ROTATED:
            only_the_next(unit, station, hashes)
        else:
            left = [one for one in waiting if one not in hashes]
            announce(unit, store.change(unit, station, next_passwords=left or None))
        if await store.is_committed(unit):
            return
    if outcome is not Outcome.PENDING:
        raise Conflict("The station was changed by others all the time. Look again and repeat it.")
