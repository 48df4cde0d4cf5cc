"""Roles and what they permit, memberships, sessions, API keys."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, get_args

import msgspec

Role = Literal["owner", "administrator", "operator", "technician", "viewer", "driver"]


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


PERMISSIONS: Mapping[str, str] = {
    "stations:read": _("See stations, their state and their settings"),
    "stations:write": _("Add, change and remove stations"),
    "commands:send": _("Send every command to stations, also those that are added later"),
    "commands:look": _("Ask stations for their state and their settings"),
    "commands:charge": _("Start and stop charging, unlock connectors, reserve"),
    "commands:steer": _("Steer the power of stations: charging profiles, grid signals, priority"),
    "commands:restart": _("Restart stations, take them into and out of service"),
    "commands:maintain": _("Update firmware, fetch logs and diagnostics"),
    "commands:configure": _("Configure stations: settings, monitoring, network, local lists, displays, tariffs"),
    "commands:secure": _("Install and remove certificates, ask for and clear what a station keeps of a customer"),
    "messages:read": _("Read the messages that stations exchange"),
    "transactions:read": _("See transactions and meter values"),
    "tokens:read": _("See id tokens"),
    "tokens:write": _("Add, change and remove id tokens"),
    "review:read": _("See doubtful transactions and messages"),
    "review:settle": _("Settle doubtful transactions and messages"),
    "events:read": _("Follow what happens as it happens"),
    "account:read": _("See the account and its connection code"),
    "account:write": _("Change the account"),
    "users:read": _("See the people of the account"),
    "users:write": _("Change who may do what in the account"),
    "keys:read": _("See the API keys of the account"),
    "keys:write": _("Make and revoke API keys"),
    "audit:read": _("Read who changed what"),
}
"""The one list of permissions, `resource:action`; a scope is one of these, `resource:*` or `*`."""

INCLUDED: Mapping[str, frozenset[str]] = {
    "commands:send": frozenset(name for name in PERMISSIONS if name.startswith("commands:")),
}
"""What a permission holds within it."""

_READS = frozenset(
    {"stations:read", "transactions:read", "tokens:read", "review:read", "events:read", "messages:read", "account:read"}
)
_RUNS = frozenset({"commands:look", "commands:charge", "commands:steer", "commands:restart"})
ROLES: Mapping[Role, frozenset[str]] = {
    "owner": frozenset({"*"}),
    "administrator": frozenset(PERMISSIONS),
    "operator": _READS | _RUNS | {"stations:write", "tokens:write", "review:settle", "users:read"},
    "technician": (_READS - {"tokens:read"}) | _RUNS | {"stations:write", "commands:maintain", "commands:configure"},
    "viewer": _READS,
    "driver": frozenset(),
}
ROLE_NAMES: Mapping[Role, str] = {
    "owner": _("Owner"),
    "administrator": _("Administrator"),
    "operator": _("Operator"),
    "technician": _("Technician"),
    "viewer": _("Viewer"),
    "driver": _("Driver"),
}
ROLE_TEXTS: Mapping[Role, str] = {
    "owner": _("Everything, also what is added later; an account has one owner at least"),
    "administrator": _("Everything there is, but cannot make or change owners"),
    "operator": _("Runs stations, tokens and transactions; sees the people, but neither keys nor the audit log"),
    "technician": _(
        "Sets stations up, restarts, configures and updates them; no certificates or tokens, changes no transactions"
    ),
    "viewer": _("Looks at everything in operation and changes nothing"),
    "driver": _("Nothing of the account; only what is their own"),
}
"""What a role is for, in a line."""
assert set(ROLES) == set(ROLE_NAMES) == set(ROLE_TEXTS) == set(get_args(Role))


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is in an account."""

    user_id: int
    account_id: int
    role: Role
    created_at: datetime
    version: int


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An offer to somebody, by address, to join an account; known by the hash of the token in the letter.

    `open_for` marks account and address while it stands, so that there is one such offer at most. `invited_by` is 0 for
    an API key.
    """

    invitation_id: int
    account_id: int
    email: str
    role: Role
    token_hash: str
    open_for: str | None
    invited_by: int
    invited_by_name: str
    created_at: datetime
    expires_at: datetime
    version: int


class Device(msgspec.Struct, frozen=True):
    """Where a session is used: what the browser says it is, and its address."""

    user_agent: str
    address: str
    key: str = ""
    """The secret that this browser carries, so that it is known again."""


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A generator of codes (RFC 6238); it counts from when it is confirmed. `last_step` was used last."""

    user_id: int
    sealed: str
    confirmed_at: datetime | None
    last_step: int
    version: int


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """What proves a person beside the password; `codes` has whether each recovery code can be used, by its hash."""

    email: str
    verified_at: datetime | None
    factor: SecondFactor | None
    codes: dict[str, bool]


MadeKind = Literal["api_key", "invitation", "member", "proof", "change"]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was done in a person's name while somebody else may have acted in it.

    Keys and invitations are undone, and what proves the person is changed back. A member who was let in, and any other
    change, are told only: the owner of the account decides. `subject` is a public id, `name` the name of the key, the
    role, or the action as the audit log has it.
    """

    kind: MadeKind
    account: str
    subject: str
    name: str
    at: datetime


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody said "this was not me"; support looks at it.

    Since `since` somebody else may have acted in the person's name; `found` is what was done from then on.
    """

    incident_id: int
    user_id: int
    at: datetime
    address: str
    user_agent: str
    closed_at: datetime | None
    version: int
    since: datetime | None = None
    found: list[Made] = []


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser, known by the keyed hash of its cookie; `account_id` is the account it looks at (0: none)."""

    session_id: int
    token_hash: str
    user_id: int
    account_id: int
    user_agent: str
    address: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    version: int
    last_used_at: datetime
    proved_at: datetime | None = None
    """When the person last proved who they are."""
    is_kept: bool = False
    """They wanted to stay signed in."""


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key for programs; its secret is not kept.

    `created_by` is the person who made it, or who made the key that made it; 0 for one made on the command line.
    """

    key_id: int
    name: str
    secret_hash: str
    scopes: list[str]
    created_by: int
    created_by_name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    version: int
    last_used_at: datetime | None


class Attempts(msgspec.Struct, frozen=True, kw_only=True):
    """Sign-ins in a row that failed for one person, or for one name nobody has."""

    place: str
    failures: int
    last_at: datetime
    version: int


def with_included(held: Iterable[str]) -> frozenset[str]:
    """Permissions with those that they hold within them."""
    return frozenset(one for name in held for one in (name, *INCLUDED.get(name, ())))


def permits(held: frozenset[str], scope: str) -> bool:
    """Whether one who holds these permissions may hand out `scope`."""
    resource, _colon, action = scope.partition(":")
    if "*" in held or scope in held or f"{resource}:*" in held:
        return True
    return action == "*" and {name for name in PERMISSIONS if name.startswith(f"{resource}:")} <= held


def within(wide: frozenset[str], held: frozenset[str]) -> frozenset[str]:
    """What of the scopes `wide` one who holds `held` may do; of a wildcard that is too wide what is left of it."""
    whole = frozenset(scope for scope in wide if permits(held, scope))
    return wide if whole == wide else whole | {name for name in held if permits(wide, name)}


def may_give(held: frozenset[str], role: Role) -> bool:
    """Whether one who holds these permissions may hand out, change or take away `role`."""
    return all(permits(held, permission) for permission in ROLES[role])


def is_scope(text: str) -> bool:
    """Whether a text is a permission, all permissions of one resource, or `*`."""
    resources = {name.partition(":")[0] for name in PERMISSIONS}
    return text == "*" or text in PERMISSIONS or (text.endswith(":*") and text[:-2] in resources)
