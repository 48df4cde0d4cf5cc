"""Second factors: codes of a generator (TOTP, RFC 6238), each once; recovery codes, of which only hashes are kept."""

import hashlib
import hmac
import secrets as randomness

import pyotp

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import public
from ocpp_css.kit.sealing import Seal
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people import audit
from ocpp_css.people.access.errors import FactorMissing
from ocpp_css.people.access.model import SecondFactor
from ocpp_css.people.access.service import former
from ocpp_css.people.access.store import proofs as store
from ocpp_css.people.accounts import CodeWrong, User
from ocpp_css.storage import PROVIDER, Database, Unit

RECOVERY_CODES = 10
_STEP_S, _DRIFT = 30, 1
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_HALF = 5


class SecondFactors:
    """The second factors of people; units are of the service itself (tenant PROVIDER)."""

    def __init__(self, db: Database, secrets: Secrets) -> None:
        self._db = db
        self._seal = Seal(secrets.key("second factors"))

    async def is_on(self, unit: Unit, user_id: int) -> bool:
        """Whether the person must give a code beside the password."""
        factor = await store.factor(unit, user_id)
        return factor is not None and factor.confirmed_at is not None

    async def codes_left(self, unit: Unit, user_id: int) -> int:
        """How many recovery codes were not used."""
        return len(await store.codes(unit, user_id))

    async def begin(self, unit: Unit, user: User) -> tuple[str, str]:
        """A new secret to enter into a generator, and its address for a QR code; counts once a code is given."""
        secret = pyotp.random_base32()
        factor = SecondFactor(
            user_id=user.user_id, sealed=self._seal.close(secret.encode(), _place(user.user_id)), confirmed_at=None,
            last_step=0, version=1,
        )  # fmt: skip
        if not await self.is_on(unit, user.user_id):
            store.put_factor(unit, factor)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="OCPP CSS")

    async def secret_of(self, unit: Unit, user: User) -> tuple[str, str] | None:
        """The secret that waits for its first code, and its address."""
        factor = await store.factor(unit, user.user_id)
        if factor is None or factor.confirmed_at is not None:
            return None
        secret = self._seal.open(factor.sealed, _place(user.user_id)).decode()
        return secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="OCPP CSS")

    async def confirm(self, unit: Unit, principal: Principal, code: str) -> list[str]:
        """Let the factor count from now on; the recovery codes, shown this once."""
        factor = await store.factor(unit, principal.id)
        if factor is None or factor.confirmed_at is not None:
            raise FactorMissing
        step = self._step(factor, code, unit)
        if step is None:
            raise CodeWrong
        await former.keep_of(unit, principal.id)
        store.change_factor(unit, factor, confirmed_at=unit.now, last_step=step)
        audit.record(unit, principal, "second_factor.added", "user", public(principal.id))
        return await self._new_codes(unit, principal.id)

    async def renew_codes(self, unit: Unit, principal: Principal) -> list[str]:
        """New recovery codes; the old ones stop working."""
        if not await self.is_on(unit, principal.id):
            raise FactorMissing
        await former.keep_of(unit, principal.id)
        audit.record(unit, principal, "recovery_codes.renewed", "user", public(principal.id))
        return await self._new_codes(unit, principal.id)

    async def remove(self, unit: Unit, principal: Principal) -> None:
        """Take the factor and its recovery codes away."""
        if not await self.is_on(unit, principal.id):
            raise FactorMissing
        await former.keep_of(unit, principal.id)
        store.remove_factor(unit, principal.id)
        await store.put_codes(unit, principal.id, [])
        audit.record(unit, principal, "second_factor.removed", "user", public(principal.id))

    async def check(self, user_id: int, code: str) -> bool:
        """Whether this is a code of the generator, or a recovery code; it is used up, so it works once."""
        unit = self._db.unit(PROVIDER)
        factor = await store.factor(unit, user_id)
        if factor is None or factor.confirmed_at is None:
            return False
        typed = "".join(code.split()).lower()
        if (step := self._step(factor, typed, unit)) is not None:
            store.change_factor(unit, factor, last_step=step)
        elif (version := (await store.codes(unit, user_id)).get(found := _hash(user_id, typed))) is not None:
            store.spend_code(unit, user_id, found, version)
        else:
            return False
        try:
            await unit.commit()
        except Conflict:
            return False
        return True

    def _step(self, factor: SecondFactor, code: str, unit: Unit) -> int | None:
        """The step of time of a code that was not used, nor any after it; None where it is none."""
        generator = pyotp.TOTP(self._seal.open(factor.sealed, _place(factor.user_id)).decode())
        now = int(unit.now.timestamp()) // _STEP_S
        for step in range(now - _DRIFT, now + _DRIFT + 1):
            right = hmac.compare_digest(generator.generate_otp(step).encode(), code.encode("utf-8", "replace"))
            if right and step > factor.last_step:
                return step
        return None

    @staticmethod
    async def _new_codes(unit: Unit, user_id: int) -> list[str]:
        made = ["".join(randomness.choice(_LETTERS) for _ in range(2 * _HALF)) for _ in range(RECOVERY_CODES)]
        await store.put_codes(unit, user_id, [_hash(user_id, code) for code in made])
        return [f"{code[:_HALF]}-{code[_HALF:]}" for code in made]


def _hash(user_id: int, code: str) -> str:
    """Codes are random (49 bits each) and tries are counted, so a fast hash of the person's own code is right."""
    return hashlib.sha256(f"{user_id}:{code.replace('-', '')}".encode("utf-8", "replace")).hexdigest()


def _place(user_id: int) -> str:
    return f"second_factors/{user_id}"
