"""When a station was last heard: flushed every ten seconds, derived, not guarded (RULES 1.7)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column

from ocpp_css.storage import Database, UtcTime, tenant_table

if TYPE_CHECKING:
    from ocpp_css.gateway.connection import Connection

BEAT_S = 10.0

SEEN = tenant_table(
    "station_seen",
    Column("station_id", BigInteger),
    Column("last_seen_at", UtcTime, nullable=False),
    key=("station_id",),
)


def note_all(db: Database, connections: "Mapping[tuple[int, int], Connection]", now: float) -> None:
    """Every ten seconds: who was heard since, at this moment; `now` is monotonic."""
    moment = (db.clock(),)
    for key, connection in connections.items():
        if now - connection.last_heard <= BEAT_S:
            db.later(SEEN, key, moment)


def note_last(db: Database, key: tuple[int, int], silent_s: float) -> None:
    """The connection ended: it was heard so long ago, and no beat will tell."""
    db.later(SEEN, key, (db.clock() - timedelta(seconds=silent_s),))
