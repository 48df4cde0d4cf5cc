"""What an API key may now: no more than the person who made it may in the account now."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from ocpp_css.people import accounts
from ocpp_css.people.access.model import ROLES, ApiKey, with_included, within
from ocpp_css.people.access.service.keys import has_ended, is_unused
from ocpp_css.people.access.service.members import memberships
from ocpp_css.people.access.store import keys as store
from ocpp_css.storage import PROVIDER, Database, Unit

State = Literal["works", "narrowed", "ended", "unused", "maker_frozen", "maker_gone"]


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


STATES: Mapping[State, tuple[str, str]] = {
    "works": (_("Works"), ""),
    "narrowed": (_("Does less"), _("Whoever made it may not do all of this any more.")),
    "ended": (_("Has ended"), ""),
    "unused": (_("Does not work"), _("It was not used for half a year.")),
    "maker_frozen": (_("Does not work"), _("The access of whoever made it is frozen.")),
    "maker_gone": (_("Does not work"), _("Whoever made it does not belong to the account any more.")),
}
"""What people are told of each state, and why it is so."""


class Standing(NamedTuple):
    """The scopes of a key that count now, none where it does not work, and why."""

    scopes: frozenset[str]
    state: State


async def of_keys(outside: Unit, account: int, keys: Sequence[ApiKey]) -> dict[int, Standing]:
    """What each of these keys may now, by their numbers."""
    return {key.key_id: await of_key(outside, account, key) for key in keys}


async def of_key(outside: Unit, account: int, key: ApiKey) -> Standing:
    """What a key of `account` may now; `outside` is a unit of the service itself (PROVIDER).

    It is answered from this process's memory: a role that became less counts from the next request on.
    """
    if has_ended(key, outside):
        return Standing(frozenset(), "ended")
    if is_unused(key.last_used_at or key.created_at, outside):
        return Standing(frozenset(), "unused")
    wide = with_included(key.scopes)
    if not key.created_by:
        return Standing(wide, "works")
    held, state = await of_person(outside, account, key.created_by)
    if state != "works":
        return Standing(frozenset(), state)
    scopes = within(wide, held)
    return Standing(scopes, "works" if scopes == wide else "narrowed")


async def of_person(outside: Unit, account: int, user_id: int) -> Standing:
    """What a person may in `account`: all of their role, or nothing, and then why keys that they made do not work."""
    person = await accounts.known(outside, user_id)
    held = next((one for one in await memberships(outside, user_id) if one.account_id == account), None)
    if person is None or held is None:
        return Standing(frozenset(), "maker_gone")
    if person.disabled_at is not None:
        return Standing(frozenset(), "maker_frozen")
    return Standing(ROLES[held.role], "works")


async def permissions_now(db: Database, account: int, *, person: int, key_id: int) -> frozenset[str]:
    """What a person, or the API key where `key_id` is not 0, may in `account` now; nothing where they are gone.

    The key is read anew: when it was used last is not kept up to date in memory.
    """
    outside = db.unit(PROVIDER)
    if not key_id:
        return (await of_person(outside, account, person)).scopes
    key = await store.load_key(db.unit(account), key_id)
    return frozenset() if key is None else (await of_key(outside, account, key)).scopes
