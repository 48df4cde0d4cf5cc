"""Where each chain ended, noted outside of the database: who cuts the end off cannot reach this note by SQL."""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.audit.store import AUDIT
from ocpp_css.storage import Database
from ocpp_css.storage.chains import End, ends

FILE = "audit.anchor"


class AnchorBroken(Refusal):
    """The note was changed by somebody else, or belongs to another installation."""

    code = "anchor_broken"
    status = 500
    title = "The note of where the audit logs end is not the service's own"


class _Note(msgspec.Struct, frozen=True):
    ends: dict[int, tuple[int, str]]
    proof: str


class Anchor:
    """The note, a file of the data directory."""

    def __init__(self, folder: Path, secrets: Secrets) -> None:
        self.path = folder / FILE
        self._key = secrets.key("audit anchor")
        self._written: Mapping[int, End] = {}

    def read(self) -> Mapping[int, End]:
        """The ends as they were noted last; none where nothing was noted. AnchorBroken for a note that is not ours."""
        if not self.path.exists():
            return {}
        try:
            note = msgspec.json.decode(self.path.read_bytes(), type=_Note)
        except msgspec.DecodeError:
            raise AnchorBroken from None
        if not hmac.compare_digest(note.proof, self._proof(note.ends)):
            raise AnchorBroken
        return {account: End(*end) for account, end in note.ends.items()}

    async def note(self, db: Database) -> bool:
        """Write down where the chains end now; whether there was anything new."""
        found = await ends(db, AUDIT.name)
        if found == self._written:
            return False
        told = {account: (end.number, end.link) for account, end in found.items()}
        draft = self.path.with_suffix(".new")
        draft.touch(mode=0o600)
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(_Note(told, self._proof(told))))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        self._written = found
        return True

    def _proof(self, told: Mapping[int, tuple[int, str]]) -> str:
        return hmac.digest(self._key, msgspec.json.encode(sorted(told.items())), "sha256").hex()
