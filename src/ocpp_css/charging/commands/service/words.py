"""What became of a command, in one clear line."""

from collections.abc import Mapping
from typing import Any

from ocpp_css.charging.commands.model import Command
from ocpp_css.charging.commands.service.kinds import RIGHT_LOST, RIGHT_LOST_TEXT
from ocpp_css.charging.commands.service.shown import CommandShown
from ocpp_css.edge.i18n import LazyText, gettext, lazy

STATUSES: Mapping[str, tuple[LazyText, str, str]] = {
    "queued": (lazy("Waiting for the station"), "info", "hourglass"),
    "sent": (lazy("On its way"), "info", "send"),
    "answered": (lazy("Answered"), "ok", "circle-check"),
    "error": (lazy("Error"), "bad", "alert-circle"),
    "timeout": (lazy("No answer"), "warn", "clock"),
    "offline": (lazy("Offline"), "warn", "plug-off"),
    "invalid_response": (lazy("Answer unreadable"), "bad", "alert-circle"),
    "lost": (lazy("Connection lost"), "warn", "wifi-off"),
    "busy": (lazy("Too many at once"), "warn", "hourglass"),
    "expired": (lazy("Expired"), "", "clock"),
    "cancelled": (lazy("Cancelled"), "", "ban"),
}
"""Label, kind and icon of each status."""

ENDS: Mapping[str, LazyText] = {
    "queued": lazy("The station is offline. The command waits and goes out when it connects."),
    "sent": lazy("The command is on its way."),
    "timeout": lazy("The station did not answer in time. Whether it did what was asked is not known."),
    "offline": lazy("The station is not connected; nothing was sent. Try again, or let the command wait for it."),
    "invalid_response": lazy("The station answered, but not in the form that its version demands."),
    "lost": lazy("The connection ended before the answer. Whether the station did what was asked is not known."),
    "busy": lazy("Too many commands wait for this station. Try again in a moment."),
    "expired": lazy("The station did not come in time; nothing was sent."),
    "cancelled": lazy("The command was taken back before it was sent."),
}
_GOOD = {"Accepted", "Unlocked", "UnlockOk", "Scheduled", "RebootRequired"}


def verdict(response: Mapping[str, Any] | None) -> str:
    """The station's own word, empty where its answer has none."""
    return str((response or {}).get("status", ""))


def told(command: Command | CommandShown) -> tuple[str, str]:
    """One line and its kind (`ok`, `info`, `warn`, `error`)."""
    action, word = command.action, verdict(command.response)
    if command.status == "error":
        problem = " ".join(part for part in (command.error_code, command.error_description) if part)
        return gettext("{action}: the station reported an error. {problem}", action=action, problem=problem), "error"
    if command.status == "answered":
        if word in {"", "Accepted"}:
            return gettext("The station accepted {action}.", action=action), "ok"
        if word in _GOOD:
            return gettext("{action}: the station answered {word}.", action=action, word=word), "ok"
        return gettext("{action}: the station answered {word}, so nothing was done.", action=action, word=word), "warn"
    if command.error_code == RIGHT_LOST:
        return gettext(RIGHT_LOST_TEXT), "warn"
    kind = "info" if command.status in {"queued", "sent"} else "warn"
    return str(ENDS[command.status]), kind
