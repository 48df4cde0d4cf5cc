"""People: who they are, how they prove it, how they like their pages; and links that admit somebody once."""

from ocpp_css.people.accounts.errors import EmailTaken, LinkSpent, PersonNeeded
from ocpp_css.people.accounts.model import Link, User
from ocpp_css.people.accounts.service.links import create_sign_in_link, open_first_start, redeem, standing
from ocpp_css.people.accounts.service.passwords import Passwords
from ocpp_css.people.accounts.service.users import (
    change,
    change_password,
    create,
    find_login,
    get,
    known,
    verify,
)

__all__ = [
    "EmailTaken",
    "Link",
    "LinkSpent",
    "Passwords",
    "PersonNeeded",
    "User",
    "change",
    "change_password",
    "create",
    "create_sign_in_link",
    "find_login",
    "get",
    "known",
    "open_first_start",
    "redeem",
    "standing",
    "verify",
]
