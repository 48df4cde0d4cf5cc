"""What a station knows of tokens: the local list, the cache, and what it may do without asking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from ocpp_css.simulator.settings import Settings

Verdict = Literal["accept", "ask", "refuse"]


class Token(NamedTuple):
    """An id token and its kind, one of the words of 2.x; tokens are compared without case."""

    text: str
    kind: str = "ISO14443"

    def is_same(self, other: "Token | None") -> bool:
        """The same token."""
        return other is not None and self.text.lower() == other.text.lower()


class TokenInfo(NamedTuple):
    """What the central system said of a token."""

    status: str
    group: str | None = None
    expires_at: datetime | None = None

    @property
    def is_accepted(self) -> bool:
        """It may charge."""
        return self.status == "Accepted"


@dataclass(slots=True)
class Grant:
    """A token that may charge at an EVSE, and how it came to it."""

    token: Token
    group: str | None = None
    is_remote: bool = False
    remote_start_id: int | None = None


class Tokens:
    """The local list and the cache of one station."""

    __slots__ = ("cache", "list_version", "listed")

    def __init__(self) -> None:
        self.cache: dict[str, TokenInfo] = {}
        self.listed: dict[str, TokenInfo] = {}
        self.list_version = 0

    def lookup(self, token: Token, settings: Settings, now: datetime) -> TokenInfo | None:
        """What is known here; the list goes before the cache."""
        key = token.text.lower()
        if settings.flag("list") and key in self.listed:
            return _aged(self.listed[key], now)
        if settings.flag("cache") and key in self.cache:
            return _aged(self.cache[key], now)
        return None

    def learn(self, token: Token, info: TokenInfo, settings: Settings) -> None:
        """The central system spoke of a token; one of the local list is not cached (1.6 3.5.2, 3.5.3)."""
        key = token.text.lower()
        if settings.flag("cache") and not (settings.flag("list") and key in self.listed):
            self.cache[key] = info

    def verdict(self, token: Token, settings: Settings, now: datetime, *, is_online: bool) -> Verdict:
        """Whether `token` may start, must be asked for, or is refused (1.6 4.1, 2.x C10 to C15)."""
        if token.kind == "NoAuthorization":
            return "accept"
        known = self.lookup(token, settings, now)
        if is_online:
            return "accept" if known is not None and known.is_accepted and settings.flag("local_pre") else "ask"
        if known is not None and settings.flag("local_offline"):
            return "accept" if known.is_accepted else "refuse"
        return "accept" if known is None and settings.flag("unknown_offline") else "refuse"


def _aged(info: TokenInfo, now: datetime) -> TokenInfo:
    is_over = info.expires_at is not None and info.expires_at <= now
    return info._replace(status="Expired") if is_over and info.is_accepted else info
