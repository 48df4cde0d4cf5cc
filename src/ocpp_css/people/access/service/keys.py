"""API keys: `css_`, the key's and the account's number, 160 random bits, a checksum; only a hash is kept (TRUST I9)."""

import hashlib
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.kit.paging import Page, PageRequest, page_of
from ocpp_css.people import audit
from ocpp_css.people.access.errors import KeyInvalid, KeyUnknown, ScopeTooWide
from ocpp_css.people.access.model import ApiKey, is_scope, permits
from ocpp_css.people.access.store import keys as store
from ocpp_css.storage import Unit

PREFIX = "css_"
UNUSED_FOR = timedelta(days=180)
"""A key that was not used for so long does not work any more."""
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_NUMBER, _SECRET, _CHECK = 13, 32, 7
_LENGTH = len(PREFIX) + 2 * _NUMBER + _SECRET + _CHECK
_LONGEST_NAME = 100


class Parts(NamedTuple):
    """What a key's text says."""

    key_id: int
    account: int
    secret: str


def compose(key_id: int, account: int, secret: str) -> str:
    """The text of a key; its end is the CRC-32 of the rest, so that leak scanners can tell a key from noise."""
    body = PREFIX + public(key_id) + public(account) + secret
    return body + _checksum(body)


def parse(text: str) -> Parts | None:
    """The parts of a key's text, or None where it is none."""
    if len(text) != _LENGTH or not text.startswith(PREFIX) or not text.isascii():
        return None
    body, check = text[:-_CHECK], text[-_CHECK:]
    rest = body.removeprefix(PREFIX)
    key_id, account = parse_public(rest[:_NUMBER]), parse_public(rest[_NUMBER : 2 * _NUMBER])
    if check != _checksum(body) or key_id is None or account is None:
        return None
    return Parts(key_id, account, rest[2 * _NUMBER :])


def hash_secret(secret: str) -> str:
    """What is kept of a secret; it is random, so a fast hash is right (NIST SP 800-63B, look-up secrets)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def shown_prefix(key: ApiKey) -> str:
    """The part of a key's text by which people recognise it."""
    return PREFIX + public(key.key_id)


async def page(unit: Unit, request: PageRequest, search: str = "") -> Page[ApiKey]:
    """The account's keys that are not revoked, the newest first."""
    found = await store.page(unit, search, request.after, request.limit)
    return page_of(found, request, lambda key: (None, key.key_id))


async def create(
    unit: Unit, principal: Principal, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key of the unit's account, and its text, which nobody can see again."""
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        raise KeyInvalid("Give the key a name of up to 100 characters.", "name")
    if expires_at is not None and expires_at <= unit.now:
        raise KeyInvalid("The key would have ended already.", "expires_at")
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET))
    key = ApiKey(
        key_id=unit.new_id(), name=name, secret_hash=hash_secret(secret), scopes=_checked(principal, scopes),
        created_by=await _maker(unit, principal), created_by_name=principal.name,
        created_at=unit.now, expires_at=expires_at, revoked_at=None, version=1, last_used_at=None,
    )  # fmt: skip
    store.add(unit, key)
    audit.record(unit, principal, "api_key.created", "api_key", public(key.key_id), None, _told(key))
    return key, compose(key.key_id, unit.tenant, secret)


async def get(unit: Unit, key_id: int) -> ApiKey:
    """A key that is not revoked; KeyUnknown where the account has none of this number."""
    key = await store.load_key(unit, key_id)
    if key is None or key.revoked_at is not None:
        raise KeyUnknown
    return key


def revoke(unit: Unit, principal: Principal, key: ApiKey, reason: str = "") -> None:
    """End a key at once."""
    store.change(unit, key, revoked_at=unit.now)
    audit.record(unit, principal, "api_key.revoked", "api_key", public(key.key_id), _told(key), reason=reason)


def has_ended(key: ApiKey, unit: Unit) -> bool:
    """Whether a key was revoked, or lived as long as it should."""
    return key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= unit.now)


def is_unused(last_used_at: datetime, unit: Unit) -> bool:
    """Whether a key was not used for half a year."""
    return last_used_at + UNUSED_FOR <= unit.now


async def _maker(unit: Unit, principal: Principal) -> int:
    """The person behind a key that makes a key is the person behind both; else a key would outlive its maker so."""
    if principal.kind != "key":
        return principal.person
    own = await unit.cached(store.BY_NUMBER, principal.id)
    return own.created_by if own is not None else 0


def _checked(principal: Principal, scopes: Sequence[str]) -> list[str]:
    wanted = sorted(set(scopes))
    if not wanted:
        raise KeyInvalid("Choose at least one scope.", "scopes")
    for scope in wanted:
        if not is_scope(scope):
            raise KeyInvalid("A scope is a permission such as stations:read, stations:* or *.", "scopes")
        if principal is not audit.COMMAND_LINE and not permits(principal.permissions, scope):
            raise ScopeTooWide(scope=scope)
    return wanted


def _told(key: ApiKey) -> dict[str, object]:
    return {"name": key.name, "scopes": key.scopes}


def _checksum(body: str) -> str:
    return public(zlib.crc32(body.encode()))[-_CHECK:]
