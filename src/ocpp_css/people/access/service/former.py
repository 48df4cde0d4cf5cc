"""Whoever changes the address or the second factor changes where the way back leads: a thief's is changed back.

Whoever changes what proves a person keeps how it was first, in the same unit. "This was not me" brings back how it was
before the first change of the time in doubt (decision 71).
"""

from datetime import datetime

import msgspec

from ocpp_css.people import accounts
from ocpp_css.people.access.model import Proofs
from ocpp_css.people.access.service.letters import NOT_ME_FOR
from ocpp_css.people.access.store import former as store
from ocpp_css.people.access.store import proofs
from ocpp_css.people.accounts import User
from ocpp_css.storage import Unit

KEPT_FOR = 2 * NOT_ME_FOR
"""A link works for a month, and may tell of a session that began a month before it."""


async def keep(unit: Unit, user: User) -> None:
    """Keep what proves the person now; the caller's unit changes it."""
    store.add(unit, user.user_id, await _proofs(unit, user))


async def keep_of(unit: Unit, user_id: int) -> None:
    """The same, where the person's own row is not changed: held still, so that a freeze meanwhile wins."""
    user = await accounts.get(unit, user_id)
    accounts.hold(unit, user)
    await keep(unit, user)


async def _proofs(unit: Unit, user: User) -> Proofs:
    factor = await proofs.factor(unit, user.user_id)
    unused = await proofs.codes(unit, user.user_id)
    return Proofs(
        email=user.email,
        verified_at=(await accounts.contact_of(unit, user.user_id)).verified_at,
        factor=factor if factor and factor.confirmed_at else None,
        codes={one: one in unused for one in await proofs.every_code(unit, user.user_id)},
    )


async def give_back(unit: Unit, user: User, since: datetime) -> tuple[str, list[str]]:
    """Bring back what proved the person before the first change since then; the unit also freezes the person.

    Gives the address that letters go to now, and the names of what was changed back. Recovery codes that were used
    stay used.
    """
    found = await store.first_since(unit, user.user_id, since)
    if found is None:
        return user.email, []
    now, then = await _proofs(unit, user), found[1]
    changed = [] if now.email == then.email else ["email"]
    if then.email != now.email or then.verified_at != now.verified_at:
        contact = await accounts.contact_of(unit, user.user_id)
        accounts.keep_contact(unit, msgspec.structs.replace(contact, verified_at=then.verified_at))
    changed += ["second_factor"] if await _give_factor(unit, user.user_id, then) else []
    if now.codes.keys() != then.codes.keys():
        await proofs.put_codes(unit, user.user_id, [one for one, can_be_used in then.codes.items() if can_be_used])
        changed.append("recovery_codes")
    return then.email, changed


async def _give_factor(unit: Unit, user_id: int, then: Proofs) -> bool:
    """Put the factor as it was in place of what there is; whether it was another one."""
    there = await proofs.factor(unit, user_id)
    if then.factor is None:
        if there is not None:
            proofs.remove_factor(unit, user_id)
        return there is not None and there.confirmed_at is not None
    if there is not None and there.sealed == then.factor.sealed:
        return False
    newest = max(then.factor.version, there.version if there else 0)
    proofs.put_factor(unit, msgspec.structs.replace(then.factor, version=newest + 1))
    return True


async def changed_back_from(unit: Unit, user_id: int, since: datetime) -> datetime | None:
    """When the first change was that "this was not me" since then changes back; None where there is none."""
    found = await store.first_since(unit, user_id, since)
    return found[0] if found else None


async def settle(unit: Unit, user_id: int, since: datetime) -> None:
    """The time since then is dealt with: it changes nothing back any more, nor do links of warnings from it work.

    Those of before stay: a thief who says "this was not me" of a later time takes nothing from the person.
    """
    await store.forget_since(unit, user_id, since)
    await accounts.drop_links(unit, user_id, "not_me", since=since)


async def tidy(unit: Unit, limit: int) -> None:
    """Remove what was before changes that nobody can say of any more that it was not them."""
    for former_id in await store.before(unit, unit.now - KEPT_FOR, limit):
        store.remove(unit, former_id)
