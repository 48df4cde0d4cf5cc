"""The database remembers which root secret it was made with: a process with another one would refuse every station."""

from typing import TYPE_CHECKING

from sqlalchemy import select

from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.secrets import Secrets
from ocpp_css.storage.schema import PROVIDER
from ocpp_css.storage.tables import COUNTERS

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database

NAME = "secret key"


class AnotherKey(Refusal):
    """The secret key of this process is none that fits the database."""

    code = "another_key"
    status = 503
    title = "The secret key does not fit the database"
    explanation = "Copy secret.key from the data directory of the process that made the database."


async def check(db: "Database", secrets: Secrets) -> None:
    """AnotherKey where the database was made with another root secret; the first process leaves its mark."""
    mark = int.from_bytes(secrets.key("fingerprint")[:7])
    unit = db.unit(PROVIDER)
    query = select(COUNTERS.c.value).where(COUNTERS.c.name == NAME)
    if await unit.first(query) is None:
        unit.require_absent(COUNTERS, name=NAME)
        unit.insert(COUNTERS, name=NAME, value=mark, version=1)
        await unit.ended()
    found = await db.unit(PROVIDER).first(query)
    if found is None or found.value != mark:
        raise AnotherKey
