"""One entry of the audit log, and what one may ask of it."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from ocpp_css.edge.principal import Principal

ActorKind = Literal["user", "key", "service", "anonymous"]

COMMAND_LINE = Principal("anonymous", name="command line")
"""The actor of what is done on the machine itself."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: `action` is `thing.verb`, `before` and `after` hold the members that changed."""

    id: int
    at: datetime
    actor_kind: ActorKind
    actor_id: int
    actor_name: str
    action: str
    subject_kind: str
    subject: str
    before: Any
    after: Any
    address: str
    reason: str = ""
    number: int | None = None
    """Its place in the account's chain; the writer gives it."""
    link: str | None = None


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with an account's log, in words; `number` is the place in its chain."""

    account_id: int
    number: int
    text: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader narrows the log to; empty members narrow nothing."""

    search: str = ""
    actors: tuple[int, ...] = ()
    """Who is meant by a name in `search` or `actor`: names are sealed, so they are looked for beforehand."""
    actor: str = ""
    actor_kind: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
