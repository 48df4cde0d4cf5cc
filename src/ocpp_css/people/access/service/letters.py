"""To whom letters of access go, and warnings: every one has a link by which one says that it was somebody else."""

from datetime import datetime, timedelta

import msgspec

from ocpp_css.edge.principal import asking
from ocpp_css.kit.ids import parse_public
from ocpp_css.people import accounts
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.service.places import browser_of
from ocpp_css.people.access.store import sessions
from ocpp_css.people.accounts import User
from ocpp_css.people.notices import Attachment, Notice, Person, Post
from ocpp_css.storage import Unit

NOT_ME = "/console/not-me/"
SECURITY = "/console/me/security"
NOT_ME_FOR = timedelta(days=30)


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


def _warning(title: str, text: str, path: str = SECURITY) -> Notice:
    return Notice(category="security", title=title, text=text, path=path, action=_("See your security settings"))


NEW_PLACE = _warning(
    _("A new sign-in"), _("Your account was signed in to from a device or a place that was not known yet."),
    "/console/me/sessions",
)  # fmt: skip
PASSWORD_CHANGED = _warning(_("Your password was changed"), _("All other sessions have ended."))
FACTOR_ADDED = _warning(_("A second factor was added"), _("A code of your generator is asked for at each sign-in."))
FACTOR_REMOVED = _warning(_("The second factor was removed"), _("Your password alone signs you in from known devices."))
CODES_RENEWED = _warning(_("New recovery codes were made"), _("The old ones do not work any more."))
ADDRESS_CHANGED = _warning(_("Your e-mail address was changed"), _("Letters go to the new address from now on."))
KEY_MADE = _warning(_("An API key was made"), _("It was made in your name."), "/console/settings/api-keys")
RECOVERY_BEGAN = _warning(
    _("Somebody wants to set a new password"),
    _("The code of a letter to you was typed on a device that is not known. A letter with a link to set a new password "
      "follows in 24 hours. If it was not you, say so now."),
)  # fmt: skip


ADDRESS_CODE = Notice(
    category="account", title=_("Your code to confirm this address"),
    text=_("Type this code into the page of your profile. It works for ten minutes."),
)  # fmt: skip


def person_of(user: User) -> Person:
    """The person as letters address them."""
    return Person(
        user_id=user.user_id, email=user.email, name=user.display_name, language=user.language,
        time_zone=user.time_zone,
    )  # fmt: skip


def where(device: Device) -> list[tuple[str, str]]:
    """Lines of a letter that say which device, and where."""
    name = ", ".join(part for part in browser_of(device.user_agent) if part) or device.user_agent[:60] or "-"
    return [(_("Device"), name), (_("Address"), device.address)]


async def warn(post: Post, unit: Unit, user: User, notice: Notice, device: Device) -> None:
    """Tell the person what was done in their name, and from where."""
    token = accounts.create_link(unit, user.user_id, "not_me", NOT_ME_FOR, since=await _began(unit, user))
    told = msgspec.structs.replace(notice, facts=where(device))
    await post.tell(unit, person_of(user), told, Attachment(not_me=NOT_ME + token))


async def _began(unit: Unit, user: User) -> datetime | None:
    """Since when whoever asks could do more in the person's name than what they are told of: since the session began.

    None where nobody is signed in; then the session begins with what the letter tells of, if at all.
    """
    asker = asking.get()
    session = await sessions.one(unit, parse_public(asker.session) or 0) if asker.person == user.user_id else None
    return session.created_at if session else None
