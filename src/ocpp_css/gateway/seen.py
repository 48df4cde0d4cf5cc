"""When a station was last heard: flushed every ten seconds, derived, not guarded (RULES 1.7)."""

from sqlalchemy import BigInteger, Column

from ocpp_css.storage import UtcTime, tenant_table

SEEN = tenant_table(
    "station_seen",
    Column("station_id", BigInteger),
    Column("last_seen_at", UtcTime, nullable=False),
    key=("station_id",),
)
