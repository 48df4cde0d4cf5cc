"""The texts as this version of the service has them, and agreeing to them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ocpp_css.people.consent import store
from ocpp_css.people.consent.model import Agreement, Document, Name
from ocpp_css.storage import Unit

_FOLDER = Path(__file__).parent / "templates"


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


def _read(name: Name, title: str) -> Document:
    raw = (_FOLDER / f"{name}.txt").read_bytes()
    return Document(name=name, title=title, text=raw.decode("utf-8-sig"), text_hash=hashlib.sha256(raw).hexdigest())


DOCUMENTS: Mapping[Name, Document] = {
    "terms": _read("terms", _("Terms of use")),
    "privacy": _read("privacy", _("Privacy policy")),
}


def accept(unit: Unit, user_id: int, address: str) -> None:
    """The person agrees to all texts as they stand; a unit of the service itself keeps which they were."""
    for document in DOCUMENTS.values():
        agreement = Agreement(
            user_id=user_id, document=document.name, version=document.version, text_hash=document.text_hash,
            at=unit.now, address=address,
        )  # fmt: skip
        store.keep(unit, agreement)


async def given(unit: Unit, user_id: int) -> list[Agreement]:
    """What the person agreed to, and when."""
    return await store.of_user(unit, user_id)
