"""The words, colours and icons of what the pages say of stations."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ocpp_css.charging.stations.model import Seen
from ocpp_css.charging.stations.service.shapes import status_of
from ocpp_css.edge import LazyText, lazy


class Sign(NamedTuple):
    """A state as a badge: its word, its kind (colour) and its icon."""

    label: LazyText
    kind: str
    icon: str


STATUSES: Mapping[str, Sign] = {
    "Available": Sign(lazy("Available"), "ok", "plug"),
    "Preparing": Sign(lazy("Preparing"), "info", "plug-connected"),
    "Charging": Sign(lazy("Charging"), "info", "bolt"),
    "SuspendedEV": Sign(lazy("Paused by the vehicle"), "info", "player-pause"),
    "SuspendedEVSE": Sign(lazy("Paused by the station"), "info", "player-pause"),
    "Finishing": Sign(lazy("Finishing"), "info", "hourglass"),
    "Occupied": Sign(lazy("Occupied"), "info", "plug-connected"),
    "Reserved": Sign(lazy("Reserved"), "warn", "clock"),
    "Unavailable": Sign(lazy("Unavailable"), "", "ban"),
    "Faulted": Sign(lazy("Faulted"), "bad", "alert-triangle"),
}
UNKNOWN = Sign(lazy("No state yet"), "", "help")
OFFLINE = Sign(lazy("Offline"), "", "plug-off")
ONLINE = Sign(lazy("Online"), "ok", "wifi")
NEVER = Sign(lazy("Never connected"), "", "plug-off")
REGISTRATION: Mapping[str, Sign] = {
    "Accepted": Sign(lazy("Accepted"), "ok", "circle-check"),
    "Pending": Sign(lazy("Pending"), "warn", "hourglass"),
    "Rejected": Sign(lazy("Rejected"), "bad", "ban"),
}
WEAKNESSES: Mapping[str, LazyText] = {
    "no_password": lazy("It connects without a password: whoever knows its identity can pass for it."),
    "short_password": lazy("Its password has fewer than 16 characters."),
    "not_encrypted": lazy("Its connection is not encrypted: who sits on the way can read and change messages."),
}
REFUSALS: Mapping[str, LazyText] = {
    "no_password": lazy("It sent no password, or none that can be read."),
    "wrong_name": lazy("The user name it sent is not its identity."),
    "wrong_password": lazy("The password is wrong."),
    "not_encrypted": lazy("It must connect over TLS and did not."),
    "certificate": lazy("It showed no certificate that names it."),
    "too_many_tries": lazy("Too many wrong tries came from its address; it has to wait."),
    "quarantined": lazy("Two stations with this identity pushed each other out; nobody gets in for five minutes."),
    "version": lazy("It speaks none of the OCPP versions that are allowed for it."),
}
PROFILES: Sequence[tuple[str, LazyText]] = (
    ("0", lazy("0: no password, not encrypted")),
    ("1", lazy("1: password, not encrypted")),
    ("2", lazy("2: password over TLS")),
    ("3", lazy("3: certificate over TLS")),
)
QUIRKS: Mapping[str, LazyText] = {
    "unknown-members": lazy("Drop members that the schema does not know"),
    "long-strings": lazy("Cut texts that are too long, but never id tokens"),
    "string-numbers": lazy("Take numbers in quotes for numbers, and the other way round"),
    "null-members": lazy("Take null for an absent member"),
    "loose-timestamps": lazy("Read times that are written loosely"),
    "enum-case": lazy("Take words in other case for the ones they mean"),
}


def sign_of(status: str | None) -> Sign:
    """The badge of a connector's state."""
    return STATUSES.get(status or "", UNKNOWN)


def state_of(seen: Seen) -> Sign:
    """What one says first of a station: that it is offline, else what its connectors do."""
    if not seen.presence.is_online:
        return OFFLINE if seen.presence.changed_at else NEVER
    status = status_of(seen.connectors)
    return ONLINE if status is None else sign_of(status)
