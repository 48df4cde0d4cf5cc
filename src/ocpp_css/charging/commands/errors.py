"""Refusals about commands."""

from ocpp_css.kit.errors import Conflict, Invalid, NotFound


class ActionRefused(Invalid):
    """The action is none that this station takes."""

    code = "action_unknown"
    title = "The station does not take this action"


class PayloadRefused(Invalid):
    """The payload breaks the schema of the action."""

    code = "payload_invalid"
    title = "The payload does not fit the action"


class SecretMayNotWait(Invalid):
    """A password would have to be kept until the station comes."""

    code = "secret_may_not_wait"
    title = "A password cannot wait for the station"
    explanation = "It is kept nowhere. Send it when the station is connected."


class StationAway(Conflict):
    """The station is not connected."""

    code = "station_offline"
    title = "The station is not connected"
    explanation = "Nothing was changed. Try again when it is online."


class CommandUnknown(NotFound):
    """No such command in this account."""

    code = "command_unknown"
    title = "No such command"
    explanation = "This account has no command with that id."


class CommandFinished(Conflict):
    """It is not waiting any more."""

    code = "command_finished"
    title = "The command is not waiting"
    explanation = "Only a command that waits for its station can be cancelled."
