"""A person who signs in, and a link that admits one once."""

from datetime import datetime
from typing import Literal

import msgspec

Theme = Literal["auto", "light", "dark"]
LinkPurpose = Literal["first_start", "sign_in"]


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
