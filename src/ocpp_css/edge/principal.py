"""Who is asking: the one value every request carries, and the port that finds it."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ocpp_css.kit.errors import Forbidden

EVERYTHING = "*"
ANY = "any"
"""As the action of a needed permission: one of the resource's, whichever; nobody holds it as such."""


class PermissionMissing(Forbidden):
    """The caller lacks a permission that the route declares, or that what they ask for needs."""

    code = "permission_missing"
    title = "You do not have the permission for this"
    explanation = "It needs {permission}. Ask an administrator of the account."


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, an API key or nobody.

    `tenant` is the account in whose name the request acts (0: none). `permissions` are names such as `stations:read`;
    `stations:*` and `*` stand for many. `csrf` is a secret of the session (empty without one). `session` names the
    session or key for the area that made it. `address` is where the request came from, known inside of it.
    """

    kind: Literal["user", "key", "anonymous"]
    id: int = 0
    name: str = ""
    tenant: int = 0
    permissions: frozenset[str] = field(default_factory=frozenset)
    language: str = ""
    time_zone: str = "UTC"
    csrf: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    email: str = ""
    account: str = ""
    has_choice: bool = False
    """The person belongs to further accounts."""
    address: str = ""
    has_proof: bool = False
    """The person proved lately who they are; for what declares `proof`. A key is its own proof."""

    @property
    def is_known(self) -> bool:
        """Whether somebody signed in or showed a key."""
        return self.kind != "anonymous"

    @property
    def person(self) -> int:
        """The number of the person; 0 for API keys, and where nobody asks."""
        return self.id if self.kind == "user" else 0

    def may(self, permission: str) -> bool:
        """Whether this principal holds `permission`, directly or by a wildcard; "" needs only a login.

        `commands:any` asks for some permission of `commands`, whichever.
        """
        if not permission:
            return self.is_known
        held = self.permissions
        resource, _, action = permission.partition(":")
        if EVERYTHING in held or permission in held or f"{resource}:*" in held:
            return True
        return action == ANY and any(one.startswith(f"{resource}:") for one in held)

    def demand(self, permission: str) -> None:
        """Raise PermissionMissing for one who does not hold `permission`."""
        if not self.may(permission):
            raise PermissionMissing(permission=permission)


ANONYMOUS = Principal("anonymous")
asking: ContextVar[Principal] = ContextVar("asking", default=ANONYMOUS)


def person_asking() -> int:
    """The number of the person whose request this is; 0 for API keys, and where nobody asked."""
    return asking.get().person


class Authenticator(Protocol):
    """Finds the principal behind a credential; filled by `people/access`."""

    async def by_session(self, cookie: str, *, is_use: bool = True) -> Principal | None:
        """The principal of a session cookie's value, or None when it is unknown, ended or revoked.

        `is_use` says that the person does something now, which keeps the session from ending by idleness.
        """
        ...

    async def by_bearer(self, token: str, *, is_use: bool = True) -> Principal | None:
        """The principal of an API key (`css_…`) or OAuth access token, or None."""
        ...


def principal_of(connection: Any) -> Principal:
    """The principal of a request (or any connection); nobody, when the gate has not seen it."""
    found = connection.scope.get("user")
    return found if isinstance(found, Principal) else ANONYMOUS
