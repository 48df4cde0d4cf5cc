"""What the product wants of a message engine."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

Message = dict[str, Any]
"""JSON values only, so that every engine can carry it."""

Receive = Callable[[str, Message], None]
Answer = Callable[[Message], Awaitable[Message]]
Cancel = Callable[[], None]


class NobodyAnswers(Exception):  # noqa: N818 - a state of the world, named as one says it
    """No process serves the topic of a request: it was certainly not taken."""


@runtime_checkable
class Bus(Protocol):
    """Topics are `kind.tenant` or `kind.tenant.more`, of letters, digits and `-`; a pattern is a whole topic, or
    the beginning of one followed by `.*`: whatever is below it.
    """

    @property
    def is_whole(self) -> bool:
        """Whether messages reach everybody now."""
        ...

    @property
    def gaps(self) -> int:
        """How often messages of others may have been missed here: whoever remembers what they told reads it anew."""
        ...

    @property
    def unsent(self) -> int:
        """How many messages from here did not go out to others: they must learn of it in another way."""
        ...

    def publish(self, topic: str, message: Message) -> None:
        """Tell all who listen now; nothing is kept, nobody is waited for; of one process in order."""
        ...

    def is_watched(self, topic: str) -> bool:
        """False when nobody is known to listen, so that a message need not be made."""
        ...

    def subscribe(self, pattern: str, receive: Receive) -> Cancel:
        """Call `receive(topic, message)` on the loop for each message; the pattern is a topic or `kind.*`."""
        ...

    def serve(self, pattern: str, answer: Answer) -> Cancel:
        """Answer requests to topics of `pattern`; the newest server of a pattern is the one that is asked."""
        ...

    async def request(self, topic: str, message: Message, timeout_s: float) -> Message:
        """Ask whoever serves `topic`; raises NobodyAnswers at once, TimeoutError after `timeout_s`."""
        ...

    async def settle(self, timeout_s: float) -> None:
        """Return when every process has what was published here before, or after `timeout_s`."""
        ...

    async def ping(self) -> None:
        """Raise when the engine does not answer."""
        ...

    async def close(self) -> None:
        """Send what waits, and let go."""
        ...
