"""A letter as mail: text and HTML in the person's language, and the headers that mail programs understand."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ocpp_css.edge import exact, gettext, reader
from ocpp_css.people.notices.model import CATEGORIES, Contents, Letter, Notice
from ocpp_css.people.notices.service.choosing import Unsubscribing
from ocpp_css.people.notices.service.returns import HEADER, Returns

TEMPLATES = Path(__file__).parents[1] / "templates"


class Writing:
    """Writes letters; `site` is where people reach the service, `sender` who the letters come from."""

    def __init__(self, site: str, sender: str, unsubscribing: Unsubscribing, returns: Returns) -> None:
        self._site = site.rstrip("/")
        self._sender = sender
        self._unsubscribing = unsubscribing
        self._returns = returns
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip

    def message(self, letter: Letter, contents: Contents) -> EmailMessage:
        """The letter in the reader's language."""
        said = self._said(letter, contents)
        message = EmailMessage()
        self._head(message, letter, said["title"])
        message.set_content(_plain(said), cte="base64")
        html = self._environment.get_template("letter.html").render(**said, reader=reader())
        message.add_alternative(html, subtype="html", cte="base64")
        return message

    def _head(self, message: EmailMessage, letter: Letter, title: str) -> None:
        name, address = parseaddr(self._sender)
        user, _, domain = address.rpartition("@")
        message["Subject"] = title
        message["From"] = Address(name or "OCPP CSS", user, domain)
        message["To"] = letter.address
        message["Date"] = format_datetime(letter.created_at)
        message["Message-ID"] = f"<{self._returns.reference(letter.letter_id)}@{domain}>"
        message[HEADER] = self._returns.reference(letter.letter_id)
        message["Auto-Submitted"] = "auto-generated"
        if not CATEGORIES[letter.category].is_mandatory:
            link = self._site + self._unsubscribing.path(letter.user_id, letter.category)
            message["List-Unsubscribe"] = f"<{link}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"

    def _said(self, letter: Letter, contents: Contents) -> dict[str, Any]:
        notice, attachment = contents.notice, contents.attachment
        path = attachment.path or notice.path
        is_optional = not CATEGORIES[letter.category].is_mandatory
        unsubscribe = self._unsubscribing.path(letter.user_id, letter.category) if is_optional else ""
        return {
            "greeting": gettext("Hello {name},", name=letter.name) if letter.name else gettext("Hello,"),
            **worded(notice),
            "facts": [*worded(notice)["facts"], (gettext("When"), exact(letter.created_at))],
            "code": attachment.code,
            "link": self._site + path if path else "",
            "not_me": self._site + attachment.not_me if attachment.not_me else "",
            "unsubscribe": self._site + unsubscribe if unsubscribe else "",
            "site": self._site,
            "labels": _labels(letter),
        }


def worded(notice: Notice) -> dict[str, Any]:
    """The notice's texts in the reader's language."""
    return {
        "title": gettext(notice.title, **notice.values),
        "text": gettext(notice.text, **notice.values),
        "facts": [(gettext(label), value) for label, value in notice.facts],
        "action": gettext(notice.action) if notice.action else gettext("Open"),
    }


def _labels(letter: Letter) -> dict[str, str]:
    if CATEGORIES[letter.category].is_mandatory:
        why = gettext("You get this letter because it is about your account and its security.")
    else:
        why = gettext("You get this letter because you want letters of this kind.")
    return {
        "code": gettext("Your code"),
        "not_me": gettext("This was not me"),
        "not_me_text": gettext("If this was not you, follow this link: your access is frozen and all sessions end."),
        "unsubscribe": gettext("No more letters of this kind"),
        "why": why,
    }


def _plain(said: dict[str, Any]) -> str:
    labels = said["labels"]
    parts = [said["greeting"], said["text"]]
    if said["code"]:
        parts.append(f"{labels['code']}: {said['code']}")
    parts.append("\n".join(f"{label}: {value}" for label, value in said["facts"]))
    if said["link"]:
        parts.append(f"{said['action']}:\n{said['link']}")
    if said["not_me"]:
        parts.append(f"{labels['not_me_text']}\n{said['not_me']}")
    parts.append(f"--\n{labels['why']}\n{said['site']}")
    if said["unsubscribe"]:
        parts.append(f"{labels['unsubscribe']}:\n{said['unsubscribe']}")
    return "\n\n".join(parts) + "\n"
