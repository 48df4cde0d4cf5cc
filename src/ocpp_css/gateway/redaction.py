"""Passwords in messages, kept out of every log: a station's own, and those of the networks it uses (A01.FR.09)."""

from typing import Any

import msgspec

HIDDEN = "***"
_ACTIONS = frozenset({"ChangeConfiguration", "GetConfiguration", "SetVariables", "GetVariables", "SetNetworkProfile"})
_NAMES = frozenset({"authorizationkey", "basicauthpassword"})
_MEMBERS = frozenset({"password", "basicAuthPassword", "apnPassword"})


def redacted(action: str, payload: bytes) -> bytes:
    """The payload of a request or an answer without passwords; as it is where it has none."""
    if action not in _ACTIONS or not payload:
        return payload
    document = msgspec.json.decode(payload)
    return msgspec.json.encode(document) if _hide(document) else payload


def holds_secret(action: str, payload: bytes) -> bool:
    """Whether the payload has a password."""
    return redacted(action, payload) != payload


def _hide(value: Any) -> bool:
    """Hide in place; whether there was something."""
    if isinstance(value, list):
        return sum(map(_hide, value)) > 0
    if not isinstance(value, dict):
        return False
    hidden = [_hide(item) for item in value.values()]
    for name in _secret_members(value):
        value[name] = HIDDEN
        hidden.append(True)
    return any(hidden)


def _secret_members(value: dict[str, Any]) -> list[str]:
    """Members that hold a secret: by their own name, or by the name that stands beside them."""
    found = [name for name in _MEMBERS if isinstance(value.get(name), str)]
    variable = value.get("variable")
    named = value.get("key", variable.get("name") if isinstance(variable, dict) else None)
    if isinstance(named, str) and named.lower() in _NAMES:
        found += [name for name in ("value", "attributeValue") if isinstance(value.get(name), str)]
    if {"server", "type", "key"} <= value.keys():
        found.append("key")
    return found
