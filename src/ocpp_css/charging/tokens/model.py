"""An id token as an operator keeps it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ocpp_css.model.token import TokenStatus

TokenType = Literal[
    "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization", "DirectPayment",
    "EVCCID", "VIN",
]  # fmt: skip
"""2.x calls these IdTokenEnumType; a 1.6 idTag has none and is kept as ISO14443."""

IdTokenText = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
GroupText = Annotated[str, Meta(min_length=1, max_length=36)]
Login = Annotated[str, Meta(max_length=254)]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What may charge. `group_id` and `parent` name the group: the token itself counts when `parent` is absent."""

    token_id: int
    id_token: str
    type: TokenType
    status: TokenStatus
    group_id: str | None
    parent: str | None
    expires_at: datetime | None
    max_concurrent: int | None
    language: str | None
    note: str | None
    created_at: datetime
    person_id: int | None = None
    """The person of the account whose it is."""
    version: int

    @property
    def group(self) -> str | None:
        """What is told to stations as parentIdTag or groupIdToken."""
        return self.parent or self.group_id


class TokenGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to add; whose it is, a person of the account, says `person_id`, or `person`: an address or user name."""

    id_token: IdTokenText
    type: TokenType = "ISO14443"
    status: TokenStatus = "Accepted"
    group_id: GroupText | None = None
    parent: GroupText | None = None
    expires_at: datetime | None = None
    max_concurrent: Annotated[int, Meta(ge=1, le=1000)] | None = None
    language: Annotated[str, Meta(max_length=8)] | None = None
    note: Annotated[str, Meta(max_length=500)] | None = None
    person_id: str | None = None
    person: Login | None = None


class TokenChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a token may be changed; what is left out stays. For `person` see `TokenGiven`."""

    type: TokenType | UnsetType = UNSET
    status: TokenStatus | UnsetType = UNSET
    group_id: GroupText | UnsetType | None = UNSET
    parent: GroupText | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    max_concurrent: Annotated[int, Meta(ge=1, le=1000)] | UnsetType | None = UNSET
    language: Annotated[str, Meta(max_length=8)] | UnsetType | None = UNSET
    note: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    person_id: str | UnsetType | None = UNSET
    person: Login | UnsetType | None = UNSET
