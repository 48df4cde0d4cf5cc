"""Who may do what: roles, memberships, sessions, API keys, and the authenticator of every web request."""

from ocpp_css.people.access.model import PERMISSIONS, ROLES, ApiKey, Device, Membership, Role, Session
from ocpp_css.people.access.service.authenticator import MemoryAuthenticator
from ocpp_css.people.access.service.members import is_member, join, member_named, memberships, people
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.service.standing import permissions_now

__all__ = [
    "PERMISSIONS",
    "ROLES",
    "ApiKey",
    "Device",
    "Membership",
    "MemoryAuthenticator",
    "Role",
    "Session",
    "Sessions",
    "is_member",
    "join",
    "member_named",
    "memberships",
    "people",
    "permissions_now",
]
