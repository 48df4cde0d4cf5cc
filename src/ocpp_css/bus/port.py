"""What the product wants of a message engine."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

Message = dict[str, Any]
"""JSON values only, so that every engine can carry it."""

Receive = Callable[[str, Message], None]
Answer = Callable[[Message], Awaitable[Message]]
Cancel = Callable[[], None]


class NobodyAnswers(Exception):  # noqa: N818 - a state of the world, named as one says it
    """No process serves the topic of a request."""


@runtime_checkable
class Bus(Protocol):
    """Topics are `kind.tenant` or `kind.tenant.more`; a pattern is a whole topic or `kind.*`."""

    def publish(self, topic: str, message: Message) -> None:
        """Tell all who listen now; nothing is kept, nobody is waited for."""
        ...

    def is_watched(self, topic: str) -> bool:
        """False only when it is certain that nobody listens, so that a message need not be made."""
        ...

    def subscribe(self, pattern: str, receive: Receive) -> Cancel:
        """Call `receive(topic, message)` on the loop for each message; the result ends it."""
        ...

    def serve(self, topic: str, answer: Answer) -> Cancel:
        """Answer requests to `topic`; the newest server of a topic is the one that is asked."""
        ...

    async def request(self, topic: str, message: Message, timeout_s: float) -> Message:
        """Ask whoever serves `topic`; raises NobodyAnswers at once, TimeoutError after `timeout_s`."""
        ...
