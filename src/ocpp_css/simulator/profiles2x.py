"""Charging profiles in the words of 2.x."""

from decimal import Decimal

from msgspec import UNSET

from ocpp_css.ocpp import v201
from ocpp_css.simulator.machine import Machine
from ocpp_css.simulator.profiles import Period, Profile


def neutral(profile: v201.ChargingProfile, evse: int, now: float) -> Profile:
    """A profile of 2.x, version-neutral; of several schedules (ISO 15118) the first is used."""
    schedule = profile.charging_schedule[0]
    start = None if schedule.start_schedule is UNSET else schedule.start_schedule.timestamp()
    is_of_station = profile.charging_profile_purpose.startswith("ChargingStation")
    if start is None and (is_of_station or str(profile.charging_profile_kind) == "Dynamic"):
        start = now
    return Profile(
        number=profile.id,
        evse=evse,
        purpose=profile.charging_profile_purpose,
        stack_level=profile.stack_level,
        kind=profile.charging_profile_kind,
        recurrency=None if profile.recurrency_kind is UNSET else profile.recurrency_kind,
        valid_from=None if profile.valid_from is UNSET else profile.valid_from.timestamp(),
        valid_to=None if profile.valid_to is UNSET else profile.valid_to.timestamp(),
        transaction=None if profile.transaction_id is UNSET else profile.transaction_id,
        unit=schedule.charging_rate_unit,
        duration_s=None if schedule.duration is UNSET else schedule.duration,
        start=start,
        periods=tuple(_period(period) for period in schedule.charging_schedule_period),
        message=profile,
    )


def _period(period: v201.ChargingSchedulePeriod) -> Period:
    """2.1 may leave the limit out, and mean none."""
    limit: Decimal | object = period.limit
    phases = None if period.number_phases is UNSET else period.number_phases
    return Period(period.start_period, float(limit) if isinstance(limit, Decimal) else None, phases)


def refusal(machine: Machine, evse_id: int, profile: v201.ChargingProfile) -> str | None:
    """Why a profile is not taken, as a reason code of 2.x (K01, appendix 5); None when it is."""
    if evse_id not in {0, *machine.evses}:
        return "UnknownEvse"
    if not 0 <= profile.stack_level <= machine.settings.number("max_stack"):
        return "InvalidStackLevel"
    if profile.charging_profile_purpose == "TxProfile":
        return _refusal_of_running(machine, evse_id, profile)
    is_bad = (
        (profile.charging_profile_kind == "Recurring" and profile.recurrency_kind is UNSET)
        # K01.FR.22: set by other systems only
        or profile.charging_profile_purpose == "ChargingStationExternalConstraints"
        or (profile.charging_profile_purpose == "ChargingStationMaxProfile" and evse_id != 0)
    )
    return "InvalidProfile" if is_bad else None


def _refusal_of_running(machine: Machine, evse_id: int, profile: v201.ChargingProfile) -> str | None:
    """K01.FR.03, .09: a TxProfile names a transaction that runs on that EVSE."""
    evse = machine.evses.get(evse_id)
    if evse is None or profile.transaction_id is UNSET:
        return "InvalidProfile"
    if evse.transaction is None or evse.transaction.key != profile.transaction_id:
        return "TxNotFound"
    return None
