"""Personal values kept once, and named everywhere else by a reference that means nothing without this table."""

import base64
import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from sqlalchemy import Column, Text, select

from ocpp_css.kit.newest import Newest
from ocpp_css.storage.schema import OF_DRIVER, UtcTime, personal, tenant_table
from ocpp_css.storage.unit import Unit

PSEUDONYMS = tenant_table(
    "pseudonyms",
    Column("reference", Text),
    Column("value", Text, nullable=False, info=personal("id token", clear=OF_DRIVER)),
    Column("first_seen_at", UtcTime, nullable=False),
    key=("reference",),
)

MARK = "pseudonym:"
_REFERENCE = re.compile(r"pseudonym:[a-z2-7]{20}")
_KNOWN = 200_000


class Pseudonyms:
    """Makes references, the same for the same value of one tenant; `key` is not in the database."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: Newest[tuple[int, str], None] = Newest(_KNOWN)

    def reference(self, tenant: int, value: str) -> str:
        """The reference of `value`: `pseudonym:` and 20 letters and digits."""
        digest = blake2b(f"{tenant}\0{value}".encode("utf-8", "surrogatepass"), key=self._key, digest_size=13).digest()
        return MARK + base64.b32encode(digest).decode().lower()[:20]

    def refer(self, unit: Unit, value: str) -> str:
        """The reference, and its row in the unit unless this process knows that it stands."""
        reference = self.reference(unit.tenant, value)
        if (unit.tenant, reference) not in self._known:
            # A message with a NUL is refused and logged; what stands behind the reference there can be stored.
            unit.upsert(PSEUDONYMS, reference=reference, value=value.replace("\0", ""), first_seen_at=unit.now)
        return reference

    def written(self, unit: Unit) -> None:
        """The unit is committed: its references need no row again."""
        for _, table, _, values in unit.writes:
            if table is PSEUDONYMS:
                self._known.keep((values[0], values[1]), None)


async def resolve(unit: Unit, references: Iterable[str]) -> Mapping[str, str]:
    """The values behind references; one that was erased is missing."""
    wanted = list(set(references))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        query = select(PSEUDONYMS.c.reference, PSEUDONYMS.c.value)
        rows = await unit.all(query.where(PSEUDONYMS.c.reference.in_(wanted[start : start + 500])))
        found.update((row.reference, row.value) for row in rows)
    return found


def references_in(text: str) -> set[str]:
    """The references that stand in a text."""
    return set(_REFERENCE.findall(text))
