"""The bus of a single process: plain calls on the loop."""

import asyncio

from ocpp_css.bus.port import Answer, Cancel, Message, NobodyAnswers, Receive


class InProcessBus:
    """See `Bus`; messages are handed over as they are, so nobody may change one."""

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
        self._kinds = frozenset(pattern[:-2] for pattern in self._receivers if pattern.endswith(".*"))

    def serve(self, topic: str, answer: Answer) -> Cancel:
        self._servers[topic] = answer

        def cancel() -> None:
            if self._servers.get(topic) is answer:
                del self._servers[topic]

        return cancel

    async def request(self, topic: str, message: Message, timeout_s: float) -> Message:
        answer = self._servers.get(topic)
        if answer is None:
            raise NobodyAnswers(topic)
        return await asyncio.wait_for(answer(message), timeout_s)


def _kind(topic: str) -> str:
    return topic.split(".", 1)[0] + ".*"
