"""The words, colours and icons of what the pages say of transactions."""

from collections.abc import Mapping

from ocpp_css.charging.commands import Command, verdict
from ocpp_css.charging.transactions.service.shown import TransactionShown
from ocpp_css.edge import LazyText, gettext, lazy

Sign = tuple[LazyText, str, str]
"""Label, kind (colour), icon: what the badge takes."""

STATES: Mapping[str, Sign] = {
    "active": (lazy("Running"), "info", "bolt"),
    "ended": (lazy("Ended"), "", "check"),
    "suspect": (lazy("Doubtful"), "warn", "alert-triangle"),
    "pending": (lazy("Start missing"), "warn", "hourglass"),
}
CHARGING: Mapping[str, Sign] = {
    "Charging": (lazy("Charging"), "info", "bolt"),
    "EVConnected": (lazy("Vehicle connected"), "info", "plug-connected"),
    "SuspendedEV": (lazy("Paused by the vehicle"), "info", "player-pause"),
    "SuspendedEVSE": (lazy("Paused by the station"), "info", "player-pause"),
    "Idle": (lazy("Idle"), "", "plug"),
}
DOUBTS: Mapping[str, LazyText] = {
    "clock_ahead": lazy("The station's clock was ahead."),
    "clock_behind": lazy("The station's clock was behind."),
    "meter_rollback": lazy("The meter ran backwards."),
    "meter_absurd": lazy("The meter showed what cannot be."),
    "stop_before_start": lazy("It stopped before it started."),
    "energy_implausible": lazy("More energy than could flow in that time."),
    "never_stopped": lazy("Its end was never told."),
    "missing_events": lazy("Messages of it are missing."),
    "event_differs": lazy("A message came twice and said different things."),
    "stop_differs": lazy("Its stop came twice and said different things."),
    "no_start": lazy("Its start was never told."),
    "number_absurd": lazy("A number in it is too large to be one."),
}
AUTHORIZATIONS: Mapping[str, LazyText] = {
    "Accepted": lazy("Accepted"),
    "Blocked": lazy("Refused: the token is blocked"),
    "Expired": lazy("Refused: the token has expired"),
    "Invalid": lazy("Refused: the token is not known"),
    "ConcurrentTx": lazy("Refused: the token charges elsewhere"),
}
KINDS: Mapping[str, LazyText] = {
    "transaction": lazy("Doubtful transaction"),
    "unknown_stop": lazy("Stop of an unknown transaction"),
    "unknown_meter_values": lazy("Meter values of an unknown transaction"),
}
OUTCOMES: Mapping[str, LazyText] = {
    "accepted": lazy("Right as it stands"),
    "corrected": lazy("Corrected"),
    "dismissed": lazy("Nothing to do"),
}


def sign_of(shown: TransactionShown) -> Sign:
    """What one says first of a transaction: what the vehicle does while it runs, else its state."""
    is_running = shown.state == "active" and shown.stopped_at is None
    doing = CHARGING.get(shown.charging_state or "") if is_running else None
    return doing or STATES[shown.state]


def doubt(name: str) -> str:
    """A doubt in words."""
    return str(DOUBTS.get(name, name))


def told_own(command: Command) -> tuple[str, str]:
    """What became of a driver's wish to stop, in words that need no knowledge of OCPP, and its kind."""
    if command.status == "answered" and verdict(command.response) == "Accepted":
        return gettext("The station ends the charge."), "ok"
    if command.status in {"answered", "error"}:
        return gettext("The station did not end the charge. End it at the station."), "warn"
    if command.status in {"offline", "busy"}:
        return gettext("The station cannot be reached now, so it was not asked. End the charge there."), "warn"
    return gettext("The station did not answer. Look here again in a moment, or end the charge there."), "warn"
