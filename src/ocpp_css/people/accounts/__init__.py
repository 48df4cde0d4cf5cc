"""People: who they are, how they prove it, how they like their pages; and links that admit somebody once."""

from ocpp_css.people.accounts.errors import (
    ChallengeSpent,
    CodeWrong,
    EmailTaken,
    LinkSpent,
    PasswordWrong,
    PersonNeeded,
)
from ocpp_css.people.accounts.model import Challenge, Contact, Link, User
from ocpp_css.people.accounts.service.challenges import Challenges, tidy
from ocpp_css.people.accounts.service.contacts import contact_of, keep_contact, named_countries
from ocpp_css.people.accounts.service.contacts import faults as contact_faults
from ocpp_css.people.accounts.service.links import (
    create_link,
    create_sign_in_link,
    drop_links,
    open_first_start,
    redeem,
    spend_token,
    standing,
)
from ocpp_css.people.accounts.service.passwords import Passwords
from ocpp_css.people.accounts.service.users import (
    admit,
    change,
    change_address,
    change_password,
    checked_email,
    create,
    find_login,
    freeze,
    get,
    is_zone,
    known,
    named,
    own_words,
    restore,
    verify,
)

__all__ = [
    "Challenge",
    "ChallengeSpent",
    "Challenges",
    "CodeWrong",
    "Contact",
    "EmailTaken",
    "Link",
    "LinkSpent",
    "PasswordWrong",
    "Passwords",
    "PersonNeeded",
    "User",
    "admit",
    "change",
    "change_address",
    "change_password",
    "checked_email",
    "contact_faults",
    "contact_of",
    "create",
    "create_link",
    "create_sign_in_link",
    "drop_links",
    "find_login",
    "freeze",
    "get",
    "is_zone",
    "keep_contact",
    "known",
    "named",
    "named_countries",
    "open_first_start",
    "own_words",
    "redeem",
    "restore",
    "spend_token",
    "standing",
    "tidy",
    "verify",
]
