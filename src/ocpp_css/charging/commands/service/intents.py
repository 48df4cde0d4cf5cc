"""What people want of a station, as the action and payload of its version."""

from typing import Any

Sent = tuple[str, dict[str, Any]]
"""Action and payload."""


def start(version: str, id_token: str, *, place: int | None, remote_start_id: int, kind: str = "Central") -> Sent:
    """Start charging at an EVSE (in 1.6 a connector), or where the station chooses."""
    if version == "1.6":
        return "RemoteStartTransaction", {"idTag": id_token} | ({} if place is None else {"connectorId": place})
    payload: dict[str, Any] = {"idToken": {"idToken": id_token, "type": kind}, "remoteStartId": remote_start_id}
    return "RequestStartTransaction", payload | ({} if place is None else {"evseId": place})


def reset(version: str, *, is_hard: bool) -> Sent:
    """Restart: at once, or when what runs has ended."""
    soft, hard = ("Soft", "Hard") if version == "1.6" else ("OnIdle", "Immediate")
    return "Reset", {"type": hard if is_hard else soft}


def availability(version: str, *, is_available: bool) -> Sent:
    """Take the whole station into or out of service."""
    word = "Operative" if is_available else "Inoperative"
    return "ChangeAvailability", {"connectorId": 0, "type": word} if version == "1.6" else {"operationalStatus": word}


def unlock(version: str, evse_id: int, connector_id: int) -> Sent:
    """Unlock a connector."""
    if version == "1.6":
        return "UnlockConnector", {"connectorId": evse_id}
    return "UnlockConnector", {"evseId": evse_id, "connectorId": connector_id}


def read_everything(version: str, request_id: int) -> Sent:
    """Ask for the whole configuration; 2.x tells it later, in reports."""
    if version == "1.6":
        return "GetConfiguration", {}
    return "GetBaseReport", {"requestId": request_id, "reportBase": "FullInventory"}
