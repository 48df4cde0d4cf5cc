"""The bus of a single process: plain calls on the loop."""

import asyncio

from ocpp_css.bus.port import Answer, Cancel, Message, NobodyAnswers, Receive


class InProcessBus:
    """See `Bus`; messages are handed over as they are, so nobody may change one."""

    def __init__(self) -> None:
        self._receivers: dict[str, dict[object, Receive]] = {}
        self._servers: dict[str, Answer] = {}

    def publish(self, topic: str, message: Message) -> None:
        for pattern in (topic, _kind(topic)):
            for receive in tuple(self._receivers.get(pattern, {}).values()):
                receive(topic, message)

    def is_watched(self, topic: str) -> bool:
        return topic in self._receivers or _kind(topic) in self._receivers

    def subscribe(self, pattern: str, receive: Receive) -> Cancel:
        token = object()
        self._receivers.setdefault(pattern, {})[token] = receive

        def cancel() -> None:
            receivers = self._receivers.get(pattern, {})
            receivers.pop(token, None)
            if not receivers:
                self._receivers.pop(pattern, None)

        return cancel

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
