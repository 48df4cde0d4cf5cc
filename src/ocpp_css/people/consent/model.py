"""A text people agree to, and an agreement."""

from datetime import datetime
from typing import Literal

import msgspec

Name = Literal["terms", "privacy"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A text as it stands: `version` is how its hash begins, so no text can change without its version."""

    name: Name
    title: str
    text: str
    text_hash: str

    @property
    def version(self) -> str:
        """Twelve digits of the hash."""
        return self.text_hash[:12]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody agreed to a text."""

    user_id: int
    document: str
    version: str
    text_hash: str
    at: datetime
    address: str
