"""What happens to id tokens."""

from typing import ClassVar

import msgspec


class TokenChanged(msgspec.Struct, frozen=True):
    """A token was created, changed or removed; its text is not told."""

    kind: ClassVar[str] = "token.changed"
    token_id: str
    change: str

    @property
    def station_id(self) -> None:
        """It is about no station."""
        return
