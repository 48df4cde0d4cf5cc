"""The tables that storage itself needs: connections with their fence, facts, counters."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, Text

from ocpp_css.storage.schema import OF_STATION, Document, UtcTime, personal, tenant_table, version_column

LINKS = tenant_table(
    "station_links",
    Column("station_id", BigInteger),
    Column("node", BigInteger, nullable=False),
    Column("is_online", Boolean, nullable=False),
    Column("ocpp_version", Text),
    Column("address", Text, info=personal("network address", clear=OF_STATION)),
    Column("security_profile", Integer),
    Column("changed_at", UtcTime, nullable=False),
    version_column(),
    key=("station_id",),
)
"""Who holds a station's connection: the version is its fencing number, and only the newest may write (HOUSE 1)."""

FACTS = tenant_table(
    "facts",
    Column("id", BigInteger),
    Column("at", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("station_id", BigInteger),
    Column("body", Document, nullable=False),
    key=("id",),
)
"""The outbox: what happened, in the transaction in which it happened; also what a live stream replays."""

COUNTERS = tenant_table(
    "counters",
    Column("name", Text),
    Column("value", BigInteger, nullable=False),
    version_column(),
    key=("name",),
)
"""Numbers handed out in blocks."""

NODES = tenant_table(
    "nodes",
    Column("node", BigInteger),
    Column("role", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("is_live", Boolean, nullable=False),
    version_column(),
    key=("node",),
)
"""The processes of this database: each raises the version of its row every few seconds as long as it lives."""
