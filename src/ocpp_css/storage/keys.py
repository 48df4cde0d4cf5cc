"""The database remembers which keys it was made with: with others a process would refuse every station, and read of
nobody.
"""

from typing import TYPE_CHECKING

from sqlalchemy import select

from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.secrets import Secrets
from ocpp_css.storage.people_keys import KekMissing
from ocpp_css.storage.schema import PROVIDER
from ocpp_css.storage.tables import COUNTERS

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database

NAME = "secret key"
PEOPLE = "people keys"


class AnotherKey(Refusal):
    """The secret key of this process is none that fits the database."""

    code = "another_key"
    status = 503
    title = "The secret key does not fit the database"
    explanation = "Copy secret.key from the data directory of the process that made the database."


class OtherPeopleKeys(Refusal):
    """The store of people's keys is not the one that this database's people were sealed with."""

    code = "other_people_keys"
    status = 503
    title = "The keys of people do not fit the database"
    explanation = "Put the people.keys back that belong to it, or name their database with --people-keys."


async def check(db: "Database", secrets: Secrets) -> None:
    """AnotherKey where the database was made with another root secret; the first process leaves its mark."""
    if await _mark(db, NAME, secrets.key("fingerprint")[:7]):
        return
    raise AnotherKey


async def check_people(db: "Database") -> None:
    """OtherPeopleKeys where the store of keys is another one, KekMissing where a key that wraps some is not there."""
    people = db.vault.people
    if not await _mark(db, PEOPLE, bytes.fromhex(await people.name())[:7]):
        raise OtherPeopleKeys
    if await people.needed() - set(people.keks.names()):
        raise KekMissing


async def _mark(db: "Database", name: str, value: bytes) -> bool:
    """Whether the database remembers this value under this name; the first to come makes it do so."""
    mark = int.from_bytes(value)
    unit = db.unit(PROVIDER)
    query = select(COUNTERS.c.value).where(COUNTERS.c.name == name)
    if await unit.first(query) is None:
        unit.require_absent(COUNTERS, name=name)
        unit.insert(COUNTERS, name=name, value=mark, version=1)
        await unit.ended()
    found = await db.unit(PROVIDER).first(query)
    return found is not None and found.value == mark
