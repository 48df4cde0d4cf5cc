"""Which handler answers which action: the type of the action pairs request and response."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from ocpp_css.ocpp.messages import Action, Message

C = TypeVar("C")
Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound="Message | None")

Handler = Callable[[C, Q], Awaitable[R]]


class Route(Generic[C]):
    """An action and the handler that answers it; `is_send` as the action says."""

    __slots__ = ("action", "handler", "is_send")

    def __init__(self, action: Action[Any, Any], handler: Handler[C, Any, Any]) -> None:
        self.action = action
        self.handler = handler
        self.is_send = action.is_send


class Routes(Generic[C]):
    """The handlers of one module, one value per module; there is no global registry."""

    __slots__ = ("routes",)

    def __init__(self) -> None:
        self.routes: list[Route[C]] = []

    def on(self, action: Action[Q, R]) -> Callable[[Handler[C, Q, R]], Handler[C, Q, R]]:
        """Let the decorated coroutine function answer `action`; a wrong response does not type-check."""

        def register(handler: Handler[C, Q, R]) -> Handler[C, Q, R]:
            self.routes.append(Route(action, handler))
            return handler

        return register


Table = Mapping[str, Mapping[str, Route[C]]]
"""By version, then by action's name."""


def table(modules: Iterable[Routes[C]]) -> dict[str, dict[str, Route[C]]]:
    """All routes of all modules; ValueError when two modules answer the same action."""
    merged: dict[str, dict[str, Route[C]]] = {}
    for module in modules:
        for route in module.routes:
            of_version = merged.setdefault(route.action.version, {})
            if route.action.name in of_version:
                raise ValueError(f"{route.action!r} has two handlers")
            of_version[route.action.name] = route
    return merged
