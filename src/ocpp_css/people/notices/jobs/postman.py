"""Timed work of notices: letters go out, are tried again, and are forgotten."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

import msgspec
import structlog

from ocpp_css.edge import Languages
from ocpp_css.kit.errors import Conflict
from ocpp_css.people.notices import store
from ocpp_css.people.notices.jobs.writing import Writing
from ocpp_css.people.notices.model import Letter, LetterState
from ocpp_css.people.notices.service.delivery import Refused, Transport, Unreachable
from ocpp_css.people.notices.service.posting import WAITING, Post
from ocpp_css.people.notices.service.returns import undelivered
from ocpp_css.storage import PROVIDER, Database

WAITS = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4),
    timedelta(hours=12), timedelta(days=1),
)  # fmt: skip
"""Between tries; after the last one a letter is given up."""
CLAIMED_FOR = timedelta(minutes=5)
"""While one process delivers a letter no other takes it."""
KEPT_FOR = timedelta(days=90)
LOOKS_EACH_S = 5.0
TIDIES_EACH_S = 3600.0
PATIENCE_S = 5.0
"""For the letter in hand when the service stops."""
_AT_ONCE = 20
_log = structlog.get_logger(__name__)


class Postman:
    """Delivers what waits: when told, and every few seconds."""

    def __init__(self, db: Database, post: Post, writing: Writing, transport: Transport) -> None:
        self._db = db
        self._post = post
        self._writing = writing
        self._transport = transport
        self._languages = Languages()
        self._told = asyncio.Event()
        self._is_closing = False
        self._running: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = db.bus.subscribe(WAITING, lambda *_: self._told.set())

    async def run(self) -> None:
        """Deliver until closed; whatever fails, the next look tries again."""
        tidied = 0.0
        while not self._is_closing:
            try:
                while await self.deliver() and not self._is_closing:
                    pass
                if asyncio.get_running_loop().time() - tidied > TIDIES_EACH_S:
                    await self.tidy()
                    tidied = asyncio.get_running_loop().time()
            except Exception:  # noqa: BLE001 - whatever the fault, the next look tries again
                await _log.aexception("letters_not_delivered")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), LOOKS_EACH_S)
            self._told.clear()

    def begin(self) -> "asyncio.Task[None]":
        """Deliver from now on."""
        self._running = asyncio.create_task(self.run(), name="postman")
        return self._running

    async def close(self) -> None:
        """Finish the letter in hand, and no more.

        A cancelled task would not do: on Python 3.11 `wait_for` may swallow the cancellation.
        """
        self._unsubscribe()
        self._is_closing = True
        self._told.set()
        if self._running is not None:
            await asyncio.wait([self._running], timeout=PATIENCE_S)
            self._running.cancel()

    async def deliver(self) -> int:
        """Try the letters that are due; how many there were."""
        letters = await store.due(self._db.unit(PROVIDER), _AT_ONCE)
        for letter in letters:
            if not self._is_closing and await self._claim(letter):
                await self._try(msgspec.structs.replace(letter, version=letter.version + 1))
        return len(letters)

    async def _claim(self, letter: Letter) -> bool:
        unit = self._db.unit(PROVIDER)
        store.change_letter(unit, letter, next_at=unit.now + CLAIMED_FOR)
        try:
            await unit.commit()
        except Conflict:
            return False
        return True

    async def _try(self, letter: Letter) -> None:
        with self._languages.reading(letter.language, letter.time_zone):
            message = self._writing.message(letter, self._post.contents(letter))
        try:
            answer = await self._transport.send(message, letter.address)
        except Refused as refused:
            await self._not_sent(letter, "refused", str(refused))
        except Unreachable as fault:
            await self._again(letter, str(fault))
        else:
            await self._sent(letter, answer)

    async def _again(self, letter: Letter, answer: str) -> None:
        if letter.tries >= len(WAITS):
            await self._not_sent(letter, "given_up", answer)
            return
        unit = self._db.unit(PROVIDER)
        store.change_letter(
            unit, letter, tries=letter.tries + 1, next_at=unit.now + WAITS[letter.tries], answer=answer[:500]
        )
        await unit.commit()
        await _log.awarning("letter_waits", count=letter.tries + 1)

    async def _sent(self, letter: Letter, answer: str) -> None:
        """The text is forgotten: it may hold a code or a link."""
        unit = self._db.unit(PROVIDER)
        store.change_letter(
            unit, letter, tries=letter.tries + 1, state="sent", sealed="", sent_at=unit.now, answer=answer[:500]
        )
        await unit.commit()

    async def _not_sent(self, letter: Letter, state: LetterState, answer: str) -> None:
        unit = self._db.unit(PROVIDER)
        await undelivered(unit, letter, state, answer, tries=letter.tries + 1)
        await unit.commit()
        await _log.awarning("letter_not_delivered", outcome=state)

    async def tidy(self) -> int:
        """Remove letters that were over three months ago; how many there were."""
        unit = self._db.unit(PROVIDER)
        found = await store.letters_before(unit, unit.now - KEPT_FOR, 5000)
        for letter_id in found:
            store.remove_letter(unit, letter_id)
        await unit.commit()
        return len(found)
