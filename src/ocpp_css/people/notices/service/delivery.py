"""Handing a letter over: to a mail server, or to whoever reads the console of the program."""

import ssl
import sys
from email.message import EmailMessage
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from ocpp_css.kit.errors import Refusal

TIMEOUT_S = 30.0
_PERMANENT = range(500, 600)


class SmtpUrlInvalid(Refusal):
    """The address of the mail server cannot be read."""

    code = "settings_refused"
    title = "The address of the mail server cannot be read"
    explanation = "Write smtp://user:password@host:587 or smtps://host:465."


class Refused(Exception):  # noqa: N818 - what the mail server did
    """The mail server refused this letter for good; the text is its answer."""


class Unreachable(Exception):  # noqa: N818 - what the mail server is
    """The letter could not be handed over now; the text says why."""


class Transport(Protocol):
    """Hands letters over."""

    async def send(self, message: EmailMessage, address: str) -> str:
        """Hand over; what was answered. Refused for good, or Unreachable for now."""
        ...


class Server(NamedTuple):
    """A mail server, as `--smtp-url` says it."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool
    starttls: bool | None
    """None: where the server offers it."""


def server_of(url: str) -> Server:
    """Read `smtp://` or `smtps://`; `?starttls=always` or `never` in place of "where it is offered"."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SmtpUrlInvalid from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SmtpUrlInvalid
    is_tls = parts.scheme == "smtps"
    wish = parse_qs(parts.query).get("starttls", [""])[0]
    starttls = {"always": True, "never": False}.get(wish, False if is_tls else None)
    if parts.username and starttls is None:
        starttls = True  # a password is never sent in the clear unless somebody says so
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname, port or (465 if is_tls else 587), user, password, is_tls, starttls)


class Smtp:
    """A mail server, asked anew for each letter."""

    def __init__(self, server: Server, sender: str) -> None:
        self._server = server
        self._sender = sender

    async def send(self, message: EmailMessage, address: str) -> str:
        """See the port."""
        server = self._server
        try:
            _errors, answer = await aiosmtplib.send(
                message, sender=self._sender, recipients=[address], hostname=server.host, port=server.port,
                username=server.user or None, password=server.password or None, use_tls=server.is_tls,
                start_tls=server.starttls, timeout=TIMEOUT_S, tls_context=ssl.create_default_context(),
            )  # fmt: skip
        except aiosmtplib.SMTPRecipientsRefused as refused:
            code, text = refused.recipients[0].code, refused.recipients[0].message
            raise (Refused if code in _PERMANENT else Unreachable)(f"{code} {text}") from None
        except aiosmtplib.SMTPResponseException as fault:
            is_about_us = isinstance(fault, aiosmtplib.SMTPAuthenticationError | aiosmtplib.SMTPConnectError)
            is_final = fault.code in _PERMANENT and not is_about_us
            raise (Refused if is_final else Unreachable)(f"{fault.code} {fault.message}") from None
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise Unreachable(str(fault) or type(fault).__name__) from None
        return answer


class Console:
    """Without a mail server letters are shown to whoever runs the program."""

    async def send(self, message: EmailMessage, address: str) -> str:
        """See the port."""
        part = message.get_body(("plain",))
        text = part.get_content().strip() if part is not None else ""
        lines = [f"letter to {address}: {message['Subject']}", *text.splitlines()]
        sys.stdout.write("\n".join(f"  | {line}" for line in lines) + "\n")
        sys.stdout.flush()
        return "shown in the console"
