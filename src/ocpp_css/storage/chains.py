"""Tables that are only added to: every row of an account names the one before it, under a key that is not in the
database, so that whoever changes, removes, inserts or moves one is found out (decision 54).
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Index, Table, Text, select

from ocpp_css.kit.secrets import Secrets
from ocpp_css.storage.schema import tenant_table
from ocpp_css.storage.statements import convert_rows, converters
from ocpp_css.storage.unit import Unit

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database

CHAINS = tenant_table(
    "chains",
    Column("name", Text),
    Column("number", BigInteger, nullable=False),
    Column("link", Text, nullable=False),
    Column("proof", Text, nullable=False),
    key=("name",),
)
"""Where each chain ends (`audit`), and up to where it was pruned (`audit.pruned`)."""

OWN: Final = ("number", "digest", "link")
"""The columns that a chain adds to a table, in this order, last."""
PRUNED: Final = ".pruned"

_PLACE = "FROM chains WHERE tenant_id = {} AND name = {}"
FIND_SQLITE: Final = "SELECT number, link " + _PLACE.format("?", "?")
KEEP_SQLITE: Final = "INSERT OR REPLACE INTO chains (tenant_id, name, number, link, proof) VALUES (?, ?, ?, ?, ?)"
BEGIN_POSTGRES: Final = (
    "INSERT INTO chains (tenant_id, name, number, link, proof) VALUES ($1, $2, 0, '', '') ON CONFLICT DO NOTHING"
)
FIND_POSTGRES: Final = "SELECT number, link " + _PLACE.format("$1", "$2") + " FOR UPDATE"
KEEP_POSTGRES: Final = "UPDATE chains SET number = $3, link = $4, proof = $5 WHERE tenant_id = $1 AND name = $2"


class End(NamedTuple):
    """The last row of a chain: its number, 1 and up, and its link; 0 and nothing before the first."""

    number: int = 0
    link: str = ""


class Place(NamedTuple):
    """An end as it is kept, with what shows that it is the service's own."""

    end: End
    proof: str


def chained(table: Table) -> Table:
    """Makes the table a chain: the writer numbers and links each new row as it is committed."""
    number, digest, link = Column("number", BigInteger), Column("digest", Text), Column("link", Text)
    for column in (number, digest, link):
        table.append_column(column)
    Index(f"uq_{table.name}_number", table.c.tenant_id, table.c.number, unique=True)
    table.info["chained"] = True
    return table


class Chains:
    """Makes the links, and says what they should be."""

    def __init__(self, secrets: Secrets) -> None:
        self._key = secrets.key("chains")

    def linked(self, table: Table, rows: Sequence[tuple[Any, ...]], ends: dict[int, End]) -> list[tuple[Any, ...]]:
        """The rows with their numbers and links, each after the end of its account's chain, which moves on."""
        names = table.c.keys()[: -len(OWN)]
        stored = convert_rows([row[: -len(OWN)] for row in rows], converters(table, names, "sqlite"))
        found = []
        for row, values in zip(rows, stored, strict=True):
            before, digest = ends[row[0]], self.digest(table, values)
            end = End(before.number + 1, self.link(before.link, before.number + 1, digest))
            ends[row[0]] = end
            found.append((*row[: -len(OWN)], end.number, digest, end.link))
        return found

    def digest(self, table: Table, values: Sequence[Any]) -> str:
        """What stands for a row's own values, as the database keeps them: documents as text, times in microseconds.

        What is null is left out, so that a column which is added later changes nothing for the rows before it.
        """
        named = zip(table.c.keys(), values, strict=False)
        return self._mac([table.name, {name: value for name, value in named if value is not None}])

    def link(self, before: str, number: int, digest: str) -> str:
        """What binds a row to its place: after this link, under this number."""
        return self._mac([before, number, digest])

    def proof(self, tenant: int, name: str, end: End) -> str:
        """What shows that an end is the service's own."""
        return self._mac([tenant, name, *end])

    def _mac(self, values: Sequence[Any]) -> str:
        """Names of tables are a kind of text of their own, which the encoder asks about."""
        return hmac.digest(self._key, msgspec.json.encode(values, enc_hook=str), "sha256").hex()


async def places(unit: Unit, name: str) -> Mapping[str, Place]:
    """The end of a chain (under its own name), and where it was pruned (`PRUNED` after it), as far as there are."""
    rows = await unit.all(select(CHAINS).where(CHAINS.c.name.in_((name, name + PRUNED))))
    return {row.name: Place(End(row.number, row.link), row.proof) for row in rows}


async def ends(db: "Database", name: str) -> Mapping[int, End]:
    """The end of each account's chain."""
    rows = await db.across_tenants(select(CHAINS).where(CHAINS.c.name == name))
    return {row.tenant_id: End(row.number, row.link) for row in rows}


def mark(unit: Unit, chains: Chains, name: str, end: End) -> None:
    """Remember something of a chain, so that nobody else can."""
    unit.upsert(CHAINS, name=name, number=end.number, link=end.link, proof=chains.proof(unit.tenant, name, end))


async def marked(unit: Unit, chains: Chains, name: str) -> End | None:
    """What was remembered, if it was the service that did."""
    place = (await places(unit, name)).get(name)
    return place.end if place is not None and place.proof == chains.proof(unit.tenant, name, place.end) else None
