"""The page of what is said with stations."""

from collections.abc import Mapping, Sequence
from typing import Any

from ocpp_css.assembly import Area
from ocpp_css.charging.commands.service.kinds import PERMISSION_OF
from ocpp_css.ocpp.messages import Action
from ocpp_css.ocpp.versions import BY_NAME
from tools.reference.writing import page, table

VERSIONS = ("1.6", "2.0.1", "2.1")


def actions_page(areas: Sequence[Area]) -> str:
    """What stations may send and what may be sent to them, version by version."""
    handled: dict[tuple[str, str], str] = {
        (route.action.version, route.action.name): area.name
        for area in areas
        for routes in area.actions
        for route in routes.routes
    }
    from_station = _names("csms")
    lines = [
        "## From a station",
        "",
        "The area that answers; `NotSupported` where none does yet: that error is the answer. An action that the",
        "version does not know is answered `NotImplemented`.",
        "",
        *table(["action", *VERSIONS], ((name, *_answers(name, handled)) for name in from_station)),
        "",
        "## To a station",
        "",
        "All of them, checked against the schema of the version before they go out: [commands](../how-to/commands.md).",
        "",
        "Each needs the permission of its kind, or `commands:send`, which holds them all:",
        "[permissions](permissions.md).",
        "",
        *table(
            ["action", *VERSIONS, "needs"],
            ((name, *_sent(name), f"`{PERMISSION_OF[name]}`") for name in _names("station")),
        ),
    ]
    return page("Actions", lines)


def _names(other: str) -> list[str]:
    """The actions that come from anybody but `other`."""
    return sorted({a.name for p in BY_NAME.values() for a in p.actions.values() if a.origin != other})


def _found(version: str, name: str) -> Action[Any, Any] | None:
    return BY_NAME[version].actions.get(name)


def _answers(name: str, handled: Mapping[tuple[str, str], str]) -> list[str]:
    found = {version: _found(version, name) for version in VERSIONS}
    return [
        "" if action is None or action.origin == "csms" else handled.get((version, name), "`NotSupported`")
        for version, action in found.items()
    ]


def _sent(name: str) -> list[str]:
    found = [_found(version, name) for version in VERSIONS]
    return ["yes" if action is not None and action.origin != "station" else "" for action in found]
