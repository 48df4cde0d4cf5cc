"""Links that admit somebody once: to the first start, or to a session; only the hash of their token is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from ocpp_css.people.accounts import store
from ocpp_css.people.accounts.errors import LinkSpent
from ocpp_css.people.accounts.model import Link, LinkPurpose
from ocpp_css.storage import PROVIDER, Database, Unit

FIRST_START = "/console/first-start/"
SIGN_IN = "/console/sign-in/link/"
SIGN_IN_FOR = timedelta(minutes=30)


async def open_first_start(db: Database) -> str | None:
    """The path at which the first person makes themselves known; None when there is a person already.

    Links of earlier starts that nobody followed stop working.
    """
    unit = db.unit(PROVIDER)
    if await store.has_any(unit):
        return None
    for link in await store.links_for(unit, "first_start"):
        store.remove_link(unit, link)
    token = _issue(unit, "first_start", None, None)
    await unit.commit()
    return FIRST_START + token


def create_sign_in_link(unit: Unit, user_id: int) -> str:
    """A path that signs this person in once, within half an hour."""
    return SIGN_IN + _issue(unit, "sign_in", user_id, SIGN_IN_FOR)


async def standing(unit: Unit, token: str, purpose: LinkPurpose) -> Link:
    """The link of this token, if it would work now; LinkSpent otherwise."""
    link = await store.load_link(unit, hash_token(token))
    if link is None or link.purpose != purpose or link.used_at is not None:
        raise LinkSpent
    if link.expires_at is not None and link.expires_at <= unit.now:
        raise LinkSpent
    if purpose == "first_start" and await store.has_any(unit):
        raise LinkSpent
    return link


async def redeem(unit: Unit, token: str, purpose: LinkPurpose) -> Link:
    """Use a link up, in the unit that does what it admits to."""
    link = await standing(unit, token, purpose)
    store.spend_link(unit, link)
    return link


def create_link(
    unit: Unit, user_id: int, purpose: LinkPurpose, lifetime: timedelta, *, since: datetime | None = None
) -> str:
    """The token of a new link of a person; `since` as in `Link`."""
    return _issue(unit, purpose, user_id, lifetime, since)


async def drop_links(unit: Unit, user_id: int, purpose: LinkPurpose, *, since: datetime | None = None) -> None:
    """No link of the person for this purpose works any more; with `since`, none that tells of a time from then on."""
    for link in await store.links_of(unit, user_id, purpose):
        if since is None or (link.since or link.created_at) >= since:
            store.remove_link(unit, link)


def spend_token(unit: Unit, token: str, lifetime: timedelta) -> None:
    """Let a token that is not ours to keep be used once: the second unit that names it ends DUPLICATE."""
    link = Link(
        token_hash=hash_token(token), purpose="work", user_id=None, created_at=unit.now, expires_at=unit.now + lifetime,
        used_at=unit.now, version=1,
    )  # fmt: skip
    store.claim_link(unit, link)


def _issue(
    unit: Unit, purpose: LinkPurpose, user_id: int | None, lifetime: timedelta | None, since: datetime | None = None
) -> str:
    token = secrets.token_urlsafe(32)
    link = Link(
        token_hash=hash_token(token), purpose=purpose, user_id=user_id, created_at=unit.now,
        expires_at=unit.now + lifetime if lifetime else None, used_at=None, version=1,
        since=since,
    )  # fmt: skip
    store.add_link(unit, link)
    return token


def hash_token(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
