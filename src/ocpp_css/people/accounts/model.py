"""A person who signs in, and a link that admits one once."""

from datetime import datetime
from typing import Literal

import msgspec

Theme = Literal["auto", "light", "dark"]
LinkPurpose = Literal["first_start", "sign_in", "work", "not_me", "recovery"]
ChallengePurpose = Literal["sign_up", "sign_in", "recovery", "address"]


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person; `language` is empty while the browser's choice counts."""

    user_id: int
    email: str
    username: str | None
    display_name: str
    password_hash: str | None
    language: str
    time_zone: str
    theme: Theme
    created_at: datetime
    disabled_at: datetime | None
    version: int


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link, known by the hash of its token."""

    token_hash: str
    purpose: LinkPurpose
    user_id: int | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    version: int
    since: datetime | None = None
    """Since when whoever did what the link warns of could act in the person's name, where that is known."""


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """A question that somebody must answer with a code; `sealed` is what is done when they can."""

    token_hash: str
    purpose: ChallengePurpose
    user_id: int
    code_hash: str
    sealed: str
    tries: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    version: int


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """What a person told of themselves beyond their name; `verified_at` is when the e-mail address proved theirs."""

    user_id: int
    country: str = ""
    phone: str = ""
    birth_date: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    verified_at: datetime | None = None
