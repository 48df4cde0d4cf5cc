"""Questions answered with a code that was sent: five tries each, once, and nothing said of whether there is a code."""

import hmac
import secrets as randomness
from datetime import timedelta
from typing import NamedTuple

from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.sealing import Seal
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.accounts import store
from ocpp_css.people.accounts.errors import ChallengeSpent, CodeWrong
from ocpp_css.people.accounts.model import Challenge, ChallengePurpose
from ocpp_css.people.accounts.service.links import hash_token
from ocpp_css.storage import PROVIDER, Database, Unit

TRIES = 5
LIFETIME = timedelta(minutes=10)
"""What ASVS 6.5.5 allows a code that goes another way."""
KEPT_FOR = timedelta(days=1)
_DIGITS = 8


class Asked(NamedTuple):
    """A question: `token` names it in the address of its page, `code` goes by letter."""

    token: str
    code: str


class Challenges:
    """Asks and hears answers; what is asked for is sealed beside the question."""

    def __init__(self, db: Database, secrets: Secrets) -> None:
        self._db = db
        self._seal = Seal(secrets.key("challenges"))
        self._key = secrets.key("codes")

    def ask(
        self, unit: Unit, purpose: ChallengePurpose, body: bytes, *, user_id: int = 0, lifetime: timedelta = LIFETIME
    ) -> Asked:
        """A new question; `body` is given back to whoever answers."""
        token, code = randomness.token_urlsafe(24), f"{randomness.randbelow(10**_DIGITS):0{_DIGITS}d}"
        name = hash_token(token)
        challenge = Challenge(
            token_hash=name, purpose=purpose, user_id=user_id, code_hash=self._hash(name, code),
            sealed=self._seal.close(body, name), tries=0, created_at=unit.now, expires_at=unit.now + lifetime,
            used_at=None, version=1,
        )  # fmt: skip
        store.add_challenge(unit, challenge)
        return Asked(token, code)

    async def standing(self, token: str, purpose: ChallengePurpose) -> Challenge:
        """The question, while it can be answered; ChallengeSpent otherwise."""
        unit = self._db.unit(PROVIDER)
        challenge = await store.load_challenge(unit, hash_token(token))
        if challenge is None or challenge.purpose != purpose or challenge.used_at is not None:
            raise ChallengeSpent
        if challenge.expires_at <= unit.now or challenge.tries >= TRIES:
            raise ChallengeSpent
        return challenge

    def body(self, challenge: Challenge) -> bytes:
        """What was sealed beside the question."""
        return self._seal.open(challenge.sealed, challenge.token_hash)

    async def answer(self, token: str, purpose: ChallengePurpose, code: str) -> Challenge:
        """The question, when the code is right; the caller spends it in the unit that does what was asked for."""
        challenge = await self.try_once(token, purpose)
        if not hmac.compare_digest(challenge.code_hash, self._hash(challenge.token_hash, "".join(code.split()))):
            raise CodeWrong
        return challenge

    async def try_once(self, token: str, purpose: ChallengePurpose) -> Challenge:
        """Count a try before anything is looked at, so that many at once are as many tries."""
        challenge = await self.standing(token, purpose)
        unit = self._db.unit(PROVIDER)
        store.change_challenge(unit, challenge, tries=challenge.tries + 1)
        try:
            await unit.commit()
        except Conflict:
            raise CodeWrong from None
        counted = await store.load_challenge(self._db.unit(PROVIDER), challenge.token_hash)
        if counted is None:
            raise ChallengeSpent
        return counted

    @staticmethod
    def spend(unit: Unit, challenge: Challenge) -> None:
        """Use the question up; of two units that do, the second ends STALE."""
        store.change_challenge(unit, challenge, used_at=unit.now, sealed="")

    @staticmethod
    async def drop(unit: Unit, user_id: int) -> None:
        """No open question of the person can be answered any more."""
        for challenge in await store.challenges_of(unit, user_id):
            store.remove_challenge(unit, challenge.token_hash)

    def _hash(self, name: str, code: str) -> str:
        return hmac.digest(self._key, f"{name}:{code}".encode("utf-8", "surrogatepass"), "sha256").hex()


async def tidy(unit: Unit, limit: int) -> None:
    """Remove questions and links that are too old to answer or follow."""
    for name in await store.challenges_before(unit, unit.now - KEPT_FOR, limit):
        store.remove_challenge(unit, name)
    for name in await store.links_before(unit, unit.now - KEPT_FOR, limit):
        store.remove_link_of(unit, name)
