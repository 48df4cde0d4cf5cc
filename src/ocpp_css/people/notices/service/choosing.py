"""Which letters a person wants, and the link by which one does without a kind of them (RFC 8058)."""

import hmac
from typing import cast

from ocpp_css.kit.ids import parse_public, public
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.notices import store
from ocpp_css.people.notices.errors import NoticeMandatory, UnsubscribeUnknown
from ocpp_css.people.notices.model import CATEGORIES, Category
from ocpp_css.storage import Unit

PATH = "/unsubscribe/"


async def wanted(unit: Unit, user_id: int, category: Category) -> bool:
    """Whether letters of this category go to the person."""
    return (await choices(unit, user_id))[category]


async def choices(unit: Unit, user_id: int) -> dict[Category, bool]:
    """Each category, and whether its letters go to the person."""
    chosen = await store.choices(unit, user_id)
    return {name: about.is_mandatory or chosen.get(name, about.is_wanted) for name, about in CATEGORIES.items()}


def choose(unit: Unit, user_id: int, category: str, *, by_mail: bool) -> None:
    """Keep a choice; NoticeMandatory for letters that everybody gets."""
    about = CATEGORIES.get(cast("Category", category))
    if about is None or (about.is_mandatory and not by_mail):
        raise NoticeMandatory
    store.choose(unit, user_id, cast("Category", category), by_mail=by_mail)


class Unsubscribing:
    """Makes and reads links that need no sign-in: they can do nothing but end one kind of letters to one person."""

    def __init__(self, secrets: Secrets) -> None:
        self._key = secrets.key("unsubscribe")

    def path(self, user_id: int, category: Category) -> str:
        """The link for one person and one kind of letters."""
        body = f"{public(user_id)}.{category}"
        return f"{PATH}{body}.{self._proof(body)}"

    def read(self, token: str) -> tuple[int, Category]:
        """Whose letters of which kind shall end; UnsubscribeUnknown for what was never sent."""
        body, _, proof = token.rpartition(".")
        number, _, category = body.partition(".")
        user_id = parse_public(number)
        genuine = hmac.compare_digest(proof.encode("utf-8", "replace"), self._proof(body).encode())
        if user_id is None or not genuine or category not in CATEGORIES:
            raise UnsubscribeUnknown
        return user_id, cast("Category", category)

    def _proof(self, body: str) -> str:
        return hmac.digest(self._key, body.encode("utf-8", "replace"), "sha256").hex()[:32]
