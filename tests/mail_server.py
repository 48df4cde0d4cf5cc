"""A real SMTP server on the loopback interface, that keeps what it is given and refuses whom it is told to."""

import asyncio
import email
import email.policy
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

PATIENCE_S = 15


@dataclass
class Mailbox:
    """What arrived, and how the server answers."""

    url: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """An address, and what its letters are answered with."""
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - the server's name for it
        if answer := self.answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the server's name for it
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        async with self._arrived:
            self.letters.append(letter)
            self._arrived.notify_all()
        return "250 taken"

    async def to(self, address: str, subject: str = "", *, nth: int = 1) -> EmailMessage:
        """Wait for the nth letter to this address whose subject has these words."""

        def found() -> list[EmailMessage]:
            return [one for one in self.letters if one["To"] == address and subject in str(one["Subject"])]

        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(found()) >= nth), PATIENCE_S)
        return found()[nth - 1]


def text_of(letter: EmailMessage) -> str:
    """The letter's plain text."""
    part = letter.get_body(("plain",))
    assert part is not None
    return part.get_content()


def code_of(letter: EmailMessage) -> str:
    """The code that a letter tells."""
    found = re.search(r"(?m): ([0-9]{8})$", text_of(letter))
    assert found, text_of(letter)
    return found[1]


def path_of(letter: EmailMessage, start: str) -> str:
    """The path of the link that begins so."""
    found = re.search(r"https?://[^/\s]+(" + re.escape(start) + r"\S*)", text_of(letter))
    assert found, text_of(letter)
    return found[1]


@asynccontextmanager
async def mail_server() -> AsyncIterator[Mailbox]:
    """A server in this loop, on a free port."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    server = await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True, loop=loop), sock=listening)
    box.url = f"smtp://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
