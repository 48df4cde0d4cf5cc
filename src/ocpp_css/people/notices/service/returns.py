"""Letters that did not reach their reader: refused by a mail server at once, or sent back by one later (RFC 3464)."""

import email
import hmac
import re
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

import msgspec

from ocpp_css.kit.ids import parse_public, public
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.notices import store
from ocpp_css.people.notices.errors import ReportUnreadable
from ocpp_css.people.notices.model import Letter, LetterState, Notice, Person
from ocpp_css.people.notices.service.posting import Post
from ocpp_css.storage import Unit

HEADER = "X-Letter"
"""Says which letter it is, as its Message-ID does: some relays write a Message-ID of their own."""
LARGEST = 1 << 20
"""Bytes of a report that are read: a letter of ours is far smaller."""
_REFERENCE = re.compile(rb"\b([0-9a-hjkmnp-tv-z]{13})\.([0-9a-f]{32})\b")
_STATUS = re.compile(r"\s*([245])\.\d{1,3}\.\d{1,3}")
_LONGEST = 500
_AT_MOST = 50


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


CAME_BACK = Notice(
    category="account", title=_("A letter to you came back"),
    text=_("The mail server of your address did not take it. Look whether the address is right: codes and warnings go "
           "there."),
    path="/console/me/address", action=_("Change or confirm"),
)  # fmt: skip


class Failure(NamedTuple):
    """What a mail server reports of a letter that it did not deliver."""

    letter_id: int
    is_final: bool
    """The address does not work (5.x.x); else the server tried for days and gave up."""
    answer: str


class Returns:
    """Makes and reads what names a letter. Only who had the letter can name it, so a report that does is believed."""

    def __init__(self, secrets: Secrets) -> None:
        self._key = secrets.key("returned letters")

    def reference(self, letter_id: int) -> str:
        """The letter's name, for its headers."""
        name = public(letter_id)
        return f"{name}.{self._proof(name.encode())}"

    def read(self, raw: bytes) -> Failure | None:
        """What a delivery status notification says; None where it reports no failure, such as a delay.

        ReportUnreadable where it is no such report, or names no letter of this service.
        """
        message = email.message_from_bytes(raw[:LARGEST])
        blocks = [block for part in message.walk() for block in _blocks(part)]
        if not blocks:
            raise ReportUnreadable
        letter_id = self._named(raw[:LARGEST], message)
        for block in blocks:
            status = _STATUS.match(_line(block, "Status"))
            if _line(block, "Action").lower() == "failed" and status and status[1] != "2":
                said = _line(block, "Diagnostic-Code").partition(";")[2].strip()
                return Failure(letter_id, status[1] == "5", f"{status[0].strip()} {said}".strip())
        return None

    def _named(self, raw: bytes, message: Message) -> int:
        for text in (raw, *_texts(message)):
            for name, proof in _REFERENCE.findall(text):
                number = parse_public(name.decode())
                if number is not None and hmac.compare_digest(proof, self._proof(name).encode()):
                    return number
        raise ReportUnreadable

    def _proof(self, name: bytes) -> str:
        return hmac.digest(self._key, name, "sha256").hex()[:32]


def _blocks(part: Message) -> list[Message]:
    """The fields of each recipient, and of the message, of a part that holds such."""
    given = part.get_payload() if part.get_content_type() == "message/delivery-status" else []
    return [block for block in given if isinstance(block, Message)] if isinstance(given, list) else []


def _line(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _texts(message: Message) -> Iterator[bytes]:
    """Each part without its transfer encoding."""
    for part in message.walk():
        text = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(text, bytes):
            yield text


async def came_back(unit: Unit, failure: Failure) -> LetterState | None:
    """Keep that a letter came back; what it is now, or None where nothing is known of it, or it was known already."""
    letter = await store.letter(unit, failure.letter_id)
    if letter is None or letter.state not in {"sent", "waiting"}:
        return None
    state: LetterState = "refused" if failure.is_final else "given_up"
    await undelivered(unit, letter, state, failure.answer)
    return state


async def undelivered(unit: Unit, letter: Letter, state: LetterState, answer: str, *, tries: int | None = None) -> None:
    """Keep why a letter did not reach its reader, and tell them in the console, once until they have read it.

    What it said is forgotten. The answer is not sealed: the address that servers repeat in it is taken out.
    """
    kept = re.sub(re.escape(letter.address), "…", answer, flags=re.IGNORECASE)[:_LONGEST]
    store.change_letter(
        unit, letter, tries=letter.tries if tries is None else tries, state=state, sealed="", answer=kept
    )
    if not letter.user_id or await _is_told(unit, letter.user_id):
        return
    person = Person(
        user_id=letter.user_id, email=letter.address, name=letter.name, language=letter.language,
        time_zone=letter.time_zone,
    )  # fmt: skip
    facts = [(_("E-mail address"), letter.address)]
    Post.show(unit, person, msgspec.structs.replace(CAME_BACK, facts=facts))


async def _is_told(unit: Unit, user_id: int) -> bool:
    waiting = await store.unread(unit, user_id, _AT_MOST)
    return any(shown.notice.title == CAME_BACK.title for shown in waiting)
