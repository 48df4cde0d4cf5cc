"""Refusals about stations."""

from ocpp_css.kit.errors import Conflict, Invalid, NotFound


class StationUnknown(NotFound):
    """No such station in this account."""

    code = "station_unknown"
    title = "No such station"
    explanation = "This account has no station with that identity."


class StationExists(Conflict):
    """The identity is taken."""

    code = "station_exists"
    title = "The station exists already"
    explanation = "This account has a station with that identity."


class IdentityRefused(Invalid):
    """The identity cannot be used."""

    code = "identity_refused"
    title = "The identity cannot be used"
    explanation = (
        "An identity has up to 48 letters, digits or * - _ = + | @ . and does not look like a connection code."
    )


class PasswordRefused(Invalid):
    """The password is too short or too long."""

    code = "password_refused"
    title = "The password cannot be used"
    explanation = "A station's password has 16 to 64 characters; a shorter one needs allow_weak."
