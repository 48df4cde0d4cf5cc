"""What was done in a person's name while somebody else may have acted in it (decision 71).

What goes on giving access by itself is undone: API keys and invitations. What others rely on by now is told, and the
people concerned decide: members who were let in, changes of the account's people and of the person's own proofs.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import public
from ocpp_css.people import accounts, audit
from ocpp_css.people.access.errors import KeyUnknown
from ocpp_css.people.access.model import Incident, Made, MadeKind
from ocpp_css.people.access.service import former, keys, letters
from ocpp_css.people.access.service.invitations import withdraw_since
from ocpp_css.people.access.service.members import memberships
from ocpp_css.people.access.store import invitations as invited
from ocpp_css.people.access.store import keys as key_store
from ocpp_css.people.access.store import members
from ocpp_css.storage import PROVIDER, Database, Unit

REASON = "This was not me"


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


CHANGES: Mapping[str, str] = {
    "user.address_changed": letters.ADDRESS_CHANGED.title,
    "user.password_changed": letters.PASSWORD_CHANGED.title,
    "user.changed": _("Your profile was changed"),
    "second_factor.added": letters.FACTOR_ADDED.title,
    "second_factor.removed": letters.FACTOR_REMOVED.title,
    "recovery_codes.renewed": letters.CODES_RENEWED.title,
    "member.changed": _("Somebody was given another role"),
    "member.removed": _("Somebody was taken out of the account"),
    "account.changed": _("Settings of the account were changed"),
}
"""What is told of each change, by the audit log's name of it."""


PROOFS = frozenset({"user.address_changed", "second_factor.added", "second_factor.removed", "recovery_codes.renewed"})
"""Those of them that are changed back."""


def began(incident: Incident) -> datetime:
    """Since when somebody else may have acted in the person's name."""
    return incident.since or incident.at


async def look(db: Database, user_id: int, since: datetime) -> list[Made]:
    """What was done in the person's name since this moment, kind by kind."""
    unit = db.unit(PROVIDER)
    found = [
        Made(kind="api_key", account=public(account), subject=public(key.key_id), name=key.name, at=key.created_at)
        for account, key in await key_store.made_by(db, user_id, since)
    ]
    found += await _offered(unit, user_id, since)
    back = await former.changed_back_from(unit, user_id, since)
    for account in [PROVIDER, *(one.account_id for one in await memberships(unit, user_id))]:
        entries = await audit.done_by(db.unit(account), user_id, CHANGES, since)
        found += [
            Made(
                kind="proof" if back and one.at >= back and one.action in PROOFS else "change",
                account=public(account),
                subject=one.subject,
                name=one.action,
                at=one.at,
            )
            for one in entries
        ]
    return found


async def _offered(unit: Unit, user_id: int, since: datetime) -> list[Made]:
    """The invitations that the person made; one that was accepted has become a member."""
    found = []
    for one in await invited.made_since(unit, user_id, since):
        holder = await accounts.find_login(unit, one.email)
        held = await members.one(unit, one.account_id, holder.user_id) if holder is not None else None
        kind: MadeKind = "invitation" if held is None else "member"
        subject, role = (one.invitation_id, one.role) if held is None else (held.user_id, held.role)
        found.append(
            Made(kind=kind, account=public(one.account_id), subject=public(subject), name=role, at=one.created_at)
        )
    return found


async def undo(db: Database, who: Principal, since: datetime) -> None:
    """Take back what was offered in the name of `who` since this moment, and revoke their keys, account by account.

    As long as the person is frozen no key of theirs works anyway, and they get back in only through this again: what
    fails in between lets none live on.
    """
    await withdraw_since(db, who, since, REASON)
    for account, key in await key_store.made_by(db, who.id, since):
        if key.revoked_at is None:
            await _revoke(db.unit(account), replace(who, tenant=account), key.key_id)


async def _revoke(unit: Unit, who: Principal, key_id: int) -> None:
    """A key changes once, when it is revoked: who was quicker did the same."""
    with suppress(KeyUnknown, Conflict):
        keys.revoke(unit, who, await keys.get(unit, key_id), REASON)
        await unit.commit()
