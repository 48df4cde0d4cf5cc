"""What a station has to say: messages in order, those of transactions kept until they are answered."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ocpp_css.ocpp.messages import Message

KEPT_LIMIT: Final = 2000
"""Kept messages of one station; beyond it readings amid transactions are thinned out (2.0.1 E04.FR.07, .08)."""

Done = Callable[[Any], None]


@dataclass(slots=True, eq=False)
class Letter:
    """One message to come.

    `message` is built when it goes out where it is a function, since 1.6 learns a transaction's id late. `done` gets
    the decoded answer, or None when there will be none. `is_kept` is a message of a transaction, `is_reading` one in
    its middle, `is_free` one that may go out before the station is accepted.
    """

    action: str
    message: Message | Callable[[], Message]
    done: Done | None = None
    is_kept: bool = False
    is_reading: bool = False
    is_free: bool = False
    number: int = 0
    attempts: int = 0
    not_before: float = 0.0

    def build(self) -> Message:
        """The message as it is to be sent now."""
        return self.message() if callable(self.message) else self.message

    def finish(self, answer: Any) -> None:
        """Tell whoever waits."""
        if self.done is not None:
            self.done(answer)


class Outbox:
    """Two queues, read in the order of writing."""

    __slots__ = ("_count", "kept", "plain")

    def __init__(self) -> None:
        self._count = 0
        self.kept: deque[Letter] = deque()
        self.plain: deque[Letter] = deque()

    def __len__(self) -> int:
        return len(self.kept) + len(self.plain)

    def post(self, letter: Letter) -> None:
        """Queue `letter` behind all others."""
        self._count += 1
        letter.number = self._count
        if not letter.is_kept:
            self.plain.append(letter)
            return
        self.kept.append(letter)
        if len(self.kept) > KEPT_LIMIT:
            self._thin()

    def take(self, now: float, *, only_free: bool) -> Letter | None:
        """The next letter that may go out: a kept one stays in its queue until `remove`."""
        if only_free:
            return self._take_free()
        plain = self.plain[0] if self.plain else None
        kept = self.kept[0] if self.kept and self.kept[0].not_before <= now else None
        if plain is not None and (kept is None or plain.number < kept.number):
            return self.plain.popleft()
        return kept

    def has_due(self, now: float, *, only_free: bool) -> bool:
        """True when `take` would give a letter."""
        if only_free:
            return any(letter.is_free for letter in self.plain)
        return bool(self.plain) or (bool(self.kept) and self.kept[0].not_before <= now)

    def _take_free(self) -> Letter | None:
        for letter in self.plain:
            if letter.is_free:
                self.plain.remove(letter)
                return letter
        return None

    def remove(self, letter: Letter) -> None:
        """A kept letter is done with; a plain one was taken out before."""
        if letter.is_kept and letter in self.kept:
            self.kept.remove(letter)

    def drop_plain(self) -> Iterator[Letter]:
        """Empty the queue of what is not worth keeping while offline."""
        while self.plain:
            yield self.plain.popleft()

    @property
    def retry_at(self) -> float | None:
        """When the first kept letter may go out again, if it waits."""
        return self.kept[0].not_before if self.kept else None

    def _thin(self) -> None:
        """Drop every second reading but the first letter, which may be on its way."""
        readings = [letter for letter in list(self.kept)[1:] if letter.is_reading]
        dropped = set(map(id, readings[::2]))
        self.kept = deque(letter for letter in self.kept if id(letter) not in dropped)
