"""One thing that another account has, and one that nobody has: asked for in the same way, at any route."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
from tests.isolation import RESET, VARIABLE, Route

_BODIES: Final[Mapping[str, Any]] = {
    "commands": RESET,
    "close": {"reason": "because"},
    "settle": {"reason": "because"},
    "start": {"id_token": "TOKEN-A"},
    "password": {"password": "0123456789abcdef0123"},
    "get": {"getVariableData": [VARIABLE]},
    "set": {"setVariableData": [{**VARIABLE, "attributeValue": "1"}]},
    "{user_id:str}": {"role": "viewer"},
}
"""By the end of the path: what a route wants before it looks for the thing."""
_ABSENT: Final = "03f75mqqm0ab"
"""The beginning of numbers that nothing has."""


def absent(names: Mapping[str, str]) -> dict[str, str]:
    """A name that nobody has in place of each."""
    return {name: f"{_ABSENT}{letter}" for name, letter in zip(names, "cdefghjkmnpqrstvwxyz", strict=False)}


async def ask(client: httpx.AsyncClient, site: str, route: Route, names: Mapping[str, str]) -> httpx.Response:
    """Ask a route for a thing."""
    body = {"json": _BODIES.get(route.path.rsplit("/", 1)[1], {})} if route.verb in {"POST", "PUT", "PATCH"} else {}
    return await client.request(route.verb, site + route.filled(names), **body)


def told(answer: httpx.Response, names: Mapping[str, str]) -> str:
    """What was answered, without the name that was asked for."""
    text = answer.text
    for name in names.values():
        text = text.replace(name, "…")
    return text
