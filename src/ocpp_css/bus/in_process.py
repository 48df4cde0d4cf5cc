"""The bus of a single process: plain calls on the loop."""

import asyncio
from collections.abc import Iterator

from ocpp_css.bus.port import Answer, Cancel, Message, NobodyAnswers, Receive


class InProcessBus:
    """See `Bus`; messages are handed over as they are, so nobody may change one."""

    is_whole = True
    gaps = 0
    unsent = 0

    def __init__(self) -> None:
        self._receivers: dict[str, dict[object, Receive]] = {}
        self._servers: dict[str, Answer] = {}
        self._kinds: frozenset[str] = frozenset()

    def publish(self, topic: str, message: Message) -> None:
        for pattern in (topic, _kind(topic)):
            for receive in tuple(self._receivers.get(pattern, {}).values()):
                receive(topic, message)

    def is_watched(self, topic: str) -> bool:
        return topic in self._receivers or topic.partition(".")[0] in self._kinds

    @property
    def patterns(self) -> frozenset[str]:
        """What is listened to here."""
        return frozenset(self._receivers)

    def subscribe(self, pattern: str, receive: Receive) -> Cancel:
        token = object()
        self._receivers.setdefault(pattern, {})[token] = receive
        self._note_kinds()

        def cancel() -> None:
            receivers = self._receivers.get(pattern, {})
            receivers.pop(token, None)
            if not receivers:
                self._receivers.pop(pattern, None)
                self._note_kinds()

        return cancel

    def _note_kinds(self) -> None:
        """Which kinds are listened to whole: asked for every message."""
        self._kinds = kinds_of(self._receivers)

    def serve(self, pattern: str, answer: Answer) -> Cancel:
        self._servers[pattern] = answer

        def cancel() -> None:
            if self._servers.get(pattern) is answer:
                del self._servers[pattern]

        return cancel

    def server_of(self, topic: str) -> Answer | None:
        """Who answers requests to `topic` here."""
        return next((self._servers[pattern] for pattern in _patterns_of(topic) if pattern in self._servers), None)

    async def request(self, topic: str, message: Message, timeout_s: float) -> Message:
        answer = self.server_of(topic)
        if answer is None:
            raise NobodyAnswers(topic)
        return await asyncio.wait_for(answer(message), timeout_s)

    async def settle(self, timeout_s: float) -> None:
        """Whoever listens was called already."""

    async def ping(self) -> None:
        """There is nothing that could be away."""

    async def close(self) -> None:
        """Nothing waits."""


def kinds_of(patterns: "Iterator[str] | frozenset[str] | dict[str, dict[object, Receive]]") -> frozenset[str]:
    """The kinds that some of the patterns take whole."""
    return frozenset(pattern[:-2] for pattern in patterns if pattern.endswith(".*"))


def _kind(topic: str) -> str:
    return topic.split(".", 1)[0] + ".*"


def _patterns_of(topic: str) -> Iterator[str]:
    """The patterns that take in `topic`, the narrowest first."""
    yield topic
    while "." in topic:
        topic = topic.rpartition(".")[0]
        yield topic + ".*"
