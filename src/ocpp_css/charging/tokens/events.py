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


class TokensTried(msgspec.Struct, frozen=True):
    """So many different unknown tokens came to one station that somebody seems to try them (TRUST A44)."""

    kind: ClassVar[str] = "security.tokens_tried"
    station_id: int
    identity: str
