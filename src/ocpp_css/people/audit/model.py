"""One entry of the audit log, and what one may ask of it."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from ocpp_css.edge.principal import Principal

ActorKind = Literal["user", "key", "service", "anonymous"]

COMMAND_LINE = Principal("anonymous", name="command line")
"""The actor of what is done on the machine itself."""


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


WORDS = {
    "account.changed": _("The account was changed"),
    "api_key.created": _("An API key was made"),
    "api_key.revoked": _("An API key was revoked"),
    "audit.adopted": _("The audit log was sealed from here on"),
    "audit.exported": _("The audit log was taken as a file"),
    "audit.pruned": _("Old entries of the audit log were removed"),
    "command.cancel": _("A waiting command was taken back"),
    "command.send": _("A command was sent to a station"),
    "invitation.sent_again": _("An invitation was sent again"),
    "invitation.withdrawn": _("An invitation was taken back"),
    "member.changed": _("Somebody was given another role"),
    "member.exported": _("The list of people was taken as a file"),
    "member.invited": _("Somebody was invited"),
    "member.joined": _("Joined the account"),
    "member.left": _("Left the account"),
    "member.removed": _("Somebody was taken out of the account"),
    "member.signed_out": _("Somebody's sessions were ended"),
    "message.read": _("Messages of a station were read"),
    "recovery_codes.renewed": _("Recovery codes were made anew"),
    "review.settle": _("A doubtful case was settled"),
    "second_factor.added": _("A second factor was added"),
    "second_factor.removed": _("The second factor was removed"),
    "session.began": _("Signed in"),
    "session.ended": _("A session was ended"),
    "sign_in.refused": _("A sign-in was refused"),
    "station.change": _("A station was changed"),
    "station.create": _("A station was added"),
    "station.import": _("Stations were imported"),
    "station.password": _("A station's password was set"),
    "station.password_removed": _("A station's password was removed"),
    "station.password_rotate": _("A station was sent a new password"),
    "station.remove": _("A station was removed"),
    "token.change": _("An id token was changed"),
    "token.create": _("An id token was added"),
    "token.exported": _("Id tokens were taken as a file"),
    "token.import": _("Id tokens were imported"),
    "token.read": _("Id tokens were read"),
    "token.remove": _("An id token was removed"),
    "transaction.close": _("A transaction was closed by hand"),
    "transaction.exported": _("Transactions were taken as a file"),
    "transaction.read": _("Transactions were read"),
    "transaction.stop": _("A charge was ended"),
    "user.address_changed": _("The e-mail address was changed"),
    "user.changed": _("The profile was changed"),
    "user.changed_back": _("The e-mail address was changed back"),
    "user.frozen": _("Access was frozen: this was not me"),
    "user.key_destroyed": _("The key of a person's data was destroyed"),
    "user.password_changed": _("The password was changed"),
    "user.recovered": _("Access was recovered"),
    "user.signed_up": _("Signed up"),
    "variables.set": _("Settings of a station were changed"),
}
"""What each action means, in words that a page shows."""


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
