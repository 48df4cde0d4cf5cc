"""Proof of work against robots: a small sum that costs a browser a moment and a spammer his machines.

Nobody else is asked, nothing is stored until it is solved: the question is signed, and each may be used once.
"""

import hashlib
import hmac
import secrets as randomness
from datetime import datetime, timedelta

from ocpp_css.kit.errors import Fault, Invalid
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people import accounts
from ocpp_css.storage import Unit

BITS = 15
"""Leading zero bits of the answer's hash: some ten thousand tries, a moment in a browser."""
LIFETIME = timedelta(hours=2)


class WorkMissing(Invalid):
    """The proof of work is missing, wrong, too old, or was used."""

    code = "work_missing"
    title = "The check against robots did not succeed"
    explanation = "Reload the page and try again. The page needs JavaScript for this check."

    def __init__(self) -> None:
        super().__init__(errors=[Fault("work", self.title)])


class Work:
    """Makes questions, and checks answers `question:number` whose SHA-256 begins with enough zero bits."""

    def __init__(self, secrets: Secrets, bits: int = BITS) -> None:
        self._key = secrets.key("work")
        self.bits = bits

    def question(self, now: datetime) -> str:
        """A question that nobody had before."""
        body = f"{int((now + LIFETIME).timestamp())}.{self.bits}.{randomness.token_hex(12)}"
        return f"{body}.{self._proof(body)}"

    def spend(self, unit: Unit, answer: str) -> None:
        """Use an answer up in this unit; WorkMissing where it is none."""
        question, _, number = answer.rpartition(":")
        body, _, proof = question.rpartition(".")
        if not hmac.compare_digest(proof.encode("utf-8", "replace"), self._proof(body).encode()):
            raise WorkMissing
        ends, bits, _salt = body.split(".")
        found = int.from_bytes(hashlib.sha256(f"{question}:{number}".encode()).digest())
        if int(ends) < unit.now.timestamp() or len(number) > 20 or found >> (256 - int(bits)):
            raise WorkMissing
        accounts.spend_token(unit, question, LIFETIME)

    def _proof(self, body: str) -> str:
        return hmac.digest(self._key, body.encode("utf-8", "replace"), "sha256").hex()[:32]
