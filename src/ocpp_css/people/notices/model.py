"""A notice to a person, the letter that carries it, and the kinds of notices one may do without."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple, get_args

import msgspec

Category = Literal["security", "account", "operation", "news"]
LetterState = Literal["waiting", "sent", "refused", "given_up"]


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


class About(NamedTuple):
    """What a category is called, what comes under it, and whether one may do without its letters."""

    name: str
    text: str
    is_mandatory: bool
    is_wanted: bool = True
    """Whether letters go out until the person chooses otherwise."""


CATEGORIES: Mapping[Category, About] = {
    "security": About(
        _("Security"), _("Sign-ins from new devices, changes of passwords, codes, keys and addresses."), True
    ),
    "account": About(_("Your account"), _("What you must know of your account, terms and data protection."), True),
    "operation": About(_("Stations"), _("Stations that need somebody: faults, outages, doubtful transactions."), False),
    "news": About(_("News"), _("What is new in the service."), False, is_wanted=False),
}
assert set(CATEGORIES) == set(get_args(Category))


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """To whom a letter goes; `user_id` is 0 for somebody who has not signed up yet."""

    user_id: int
    email: str
    name: str
    language: str
    time_zone: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is told. Texts are English message ids, translated for the reader; `{name}`s are filled from `values`.

    `facts` are lines of label and value; `path` of this site leads to what it is about, under the label `action`.
    """

    category: Category
    title: str
    text: str
    values: dict[str, str] = {}
    facts: list[tuple[str, str]] = []
    path: str = ""
    action: str = ""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """What only the letter says: a code to type, the link by which one says that it was somebody else."""

    code: str = ""
    path: str = ""
    """Leads on in place of the notice's own path."""
    not_me: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it stands in the console."""

    notice_id: int
    notice: Notice
    at: datetime
    read_at: datetime | None
    version: int


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter in the queue; `sealed` is its text until it is delivered, then nothing."""

    letter_id: int
    user_id: int
    address: str
    name: str
    category: Category
    language: str
    time_zone: str
    sealed: str
    state: LetterState
    tries: int
    next_at: datetime
    created_at: datetime
    sent_at: datetime | None
    answer: str
    version: int


class Contents(msgspec.Struct, frozen=True):
    """What is sealed of a letter."""

    notice: Notice
    attachment: Attachment
