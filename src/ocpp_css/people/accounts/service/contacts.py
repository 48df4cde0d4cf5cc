"""What people tell of themselves beyond their name: where they live, how to reach them, when they were born."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import msgspec
from babel import Locale

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Fault, Invalid
from ocpp_css.kit.ids import public
from ocpp_css.people import audit
from ocpp_css.people.accounts import store
from ocpp_css.people.accounts.model import Contact
from ocpp_css.people.accounts.service import users
from ocpp_css.storage import Unit

_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,24}")
_NO_COUNTRIES = {"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"}
_OLDEST = 120
_LONGEST = 200


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


@lru_cache
def countries() -> frozenset[str]:
    """The codes of all countries (CLDR territories of two letters that are places)."""
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRIES)


def named_countries(locale: Locale) -> list[tuple[str, str]]:
    """All countries as the reader calls them, by name."""
    return sorted(((code, str(locale.territories.get(code, code))) for code in countries()), key=lambda pair: pair[1])


def faults(contact: Contact, today: date, minimum_age: int) -> list[Fault]:
    """What is wrong with these values; the date of birth counts where one is given."""
    found = []
    if contact.country and contact.country not in countries():
        found.append(Fault("country", _("Choose a country.")))
    if contact.phone and not _PHONE.fullmatch(contact.phone):
        found.append(Fault("phone", _("Write the number with its country code, such as +31 20 123 4567.")))
    if contact.birth_date and (problem := _birth_fault(contact.birth_date, today, minimum_age)):
        found.append(Fault("birth_date", problem))
    found += [
        Fault(name, _("This text is too long."))
        for name in ("street", "postal_code", "city")
        if len(getattr(contact, name)) > _LONGEST
    ]
    return found


def _birth_fault(text: str, today: date, minimum_age: int) -> str:
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return _("This is not a date.")
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if not 0 <= years <= _OLDEST:
        return _("This is not a date of birth.")
    return _("You are too young to have an account of your own.") if years < minimum_age else ""


async def contact_of(unit: Unit, user_id: int) -> Contact:
    """What a person told of themselves."""
    return await store.contact(unit, user_id)


def keep_contact(unit: Unit, contact: Contact) -> None:
    """Write what a person told of themselves."""
    store.keep_contact(unit, contact)


FIELDS = ("country", "phone", "birth_date", "street", "postal_code", "city")


async def change_contact(unit: Unit, principal: Principal, changes: Mapping[str, str], minimum_age: int) -> Contact:
    """Change what a person told of themselves; Invalid names the fields that break a rule."""
    user = await users.get(unit, principal.id)
    before = await store.contact(unit, principal.id)
    after = msgspec.structs.replace(before, **{name: changes[name] for name in FIELDS if name in changes})
    changed = sorted(name for name in FIELDS if getattr(before, name) != getattr(after, name))
    if found := faults(after, unit.now.date(), minimum_age):
        raise Invalid(errors=found)
    if changed:
        store.change(unit, user)  # the version of the person guards this too: of two at once, one alone is stored
        store.keep_contact(unit, after)
        audit.record(unit, principal, "user.changed", "user", public(principal.id), None, {"changed": changed})
    return after
