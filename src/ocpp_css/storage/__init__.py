"""Where rows live: units of work, group commit, tenant scope, the outbox, migrations."""

from ocpp_css.storage.chains import chained
from ocpp_css.storage.database import Database
from ocpp_css.storage.schema import (
    HASH,
    METADATA,
    MOMENT,
    NUMBER,
    OF_DRIVER,
    OF_STATION,
    PROVIDER,
    REFERENCE,
    SEALED_BY_AREA,
    STATION_NUMBER,
    Document,
    UtcTime,
    late_index,
    personal,
    tenant_table,
    version_column,
)
from ocpp_css.storage.scopes import AnySelect, joined
from ocpp_css.storage.unit import CacheKey, Fact, Outcome, StateKey, Unit

__all__ = [
    "HASH",
    "METADATA",
    "MOMENT",
    "NUMBER",
    "OF_DRIVER",
    "OF_STATION",
    "PROVIDER",
    "REFERENCE",
    "SEALED_BY_AREA",
    "STATION_NUMBER",
    "AnySelect",
    "CacheKey",
    "Database",
    "Document",
    "Fact",
    "Outcome",
    "StateKey",
    "Unit",
    "UtcTime",
    "chained",
    "joined",
    "late_index",
    "personal",
    "tenant_table",
    "version_column",
]
