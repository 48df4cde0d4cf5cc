"""Memory that the bus keeps in step, and that is read anew while the bus goes on telling."""

from collections.abc import Iterator
from contextlib import contextmanager

from ocpp_css.bus.port import Message, Receive


class News:
    """Hands each message on to `told`; what comes while a reading is under way is told once more after it, because the
    reading may be older than the message.
    """

    __slots__ = ("_missed", "_told")

    def __init__(self, told: Receive) -> None:
        self._told = told
        self._missed: list[tuple[str, Message]] | None = None

    def hear(self, topic: str, message: Message) -> None:
        """One message: to be subscribed."""
        if self._missed is not None:
            self._missed.append((topic, message))
        self._told(topic, message)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Around a reading and what is made of it; one at a time."""
        missed = self._missed = []
        try:
            yield
        finally:
            self._missed = None
        for topic, message in missed:
            self._told(topic, message)
