"""Counting tries: delays that grow, and letters that are few; by person, never so that others are locked out."""

import hmac
import math
from datetime import timedelta

from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.access.errors import SignInDelayed
from ocpp_css.people.access.store import sessions as store
from ocpp_css.storage import PROVIDER, Database, Unit

FREE_FAILURES = 10
LONGEST_DELAY_S = 900
FORGOTTEN_AFTER = timedelta(days=1)


class Tries:
    """What was tried where; only keyed hashes of the places are kept."""

    def __init__(self, db: Database, secrets: Secrets) -> None:
        self._db = db
        self._key = secrets.key("sign-in-attempts")

    def place(self, text: str) -> str:
        """What is kept of a place."""
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()

    async def count(self, text: str) -> None:
        """Count a try before it is looked at; SignInDelayed says how long to wait."""
        unit, place = self._db.unit(PROVIDER), self.place(text)
        seen = await store.attempts(unit, place)
        failures = seen.failures if seen is not None and seen.last_at + FORGOTTEN_AFTER > unit.now else 0
        if seen is not None and (wait := seen.last_at + timedelta(seconds=delay_s(failures)) - unit.now) > timedelta(0):
            raise SignInDelayed(retry_after=math.ceil(wait.total_seconds()))
        store.count_attempt(unit, place, seen, failures + 1)
        try:
            await unit.commit()
        except Conflict:
            raise SignInDelayed(retry_after=1) from None

    def forget(self, unit: Unit, text: str) -> None:
        """It succeeded: count from nothing again."""
        store.forget_attempts(unit, self.place(text))

    async def allow(self, unit: Unit, text: str, most: int) -> bool:
        """Whether this happened fewer than `most` times within a day; counted in the unit."""
        place = self.place(text)
        seen = await store.attempts(unit, place)
        count = seen.failures if seen is not None and seen.last_at + FORGOTTEN_AFTER > unit.now else 0
        if count < most:
            store.count_attempt(unit, place, seen, count + 1)
        return count < most


def delay_s(failures: int) -> int:
    """Seconds to wait after so many failures in a row: none up to ten, then 2, 4, 8 … up to a quarter of an hour."""
    if failures < FREE_FAILURES:
        return 0
    return min(LONGEST_DELAY_S, 1 << min(failures - FREE_FAILURES + 1, 20))
