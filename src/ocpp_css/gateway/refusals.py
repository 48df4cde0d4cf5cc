"""Why a station was last not let in, for whoever looks for it: one row a station, written late (TRUST A1)."""

from typing import Literal

from sqlalchemy import BigInteger, Column, Text

from ocpp_css.gateway.directory import StationEntry
from ocpp_css.kit.newest import Newest
from ocpp_css.storage import OF_STATION, Database, UtcTime, personal, tenant_table

Reason = Literal[
    "no_password", "wrong_name", "wrong_password", "not_encrypted", "certificate", "too_many_tries", "quarantined",
    "version",
]  # fmt: skip
"""`wrong_name`: the user name is not the identity. `version`: none of the versions it offered is spoken with it."""

REFUSALS = tenant_table(
    "station_refusals",
    Column("station_id", BigInteger),
    Column("at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("address", Text, nullable=False, info=personal("network address", clear=OF_STATION)),
    Column("times", BigInteger, nullable=False),
    key=("station_id",),
)
"""The newest refusal of each registered station; `times`: how often since it last came in, as this process saw it."""

_REMEMBERED = 100_000


class Refusals:
    """Counts the refusals of stations; whatever knocks, each costs one row in ten seconds at most."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._times: Newest[tuple[int, int], int] = Newest(_REMEMBERED)

    def note(self, station: StationEntry, reason: Reason, address: str) -> None:
        """One more refusal; of a station that is not registered nothing is kept."""
        if not station.station_id:
            return
        key = (station.tenant, station.station_id)
        times = self._times.get(key, 0) + 1
        self._times.keep(key, times)
        self._db.later(REFUSALS, key, (self._db.clock(), reason, address, times))

    def forgive(self, station: StationEntry) -> None:
        """The station came in."""
        self._times.pop((station.tenant, station.station_id), None)
