"""Charging profiles in the words of 1.6."""

from decimal import Decimal

from msgspec import UNSET

from ocpp_css.ocpp import v16
from ocpp_css.simulator import metering
from ocpp_css.simulator.machine import Machine
from ocpp_css.simulator.power import VOLTS
from ocpp_css.simulator.profiles import Period, Profile, Unit


def neutral(profile: v16.ChargingProfile, evse: int, now: float) -> Profile:
    """A profile of 1.6, version-neutral; an absolute one without a start starts now."""
    schedule = profile.charging_schedule
    start = None if schedule.start_schedule is UNSET else schedule.start_schedule.timestamp()
    if start is None and profile.charging_profile_purpose == "ChargePointMaxProfile":
        start = now
    return Profile(
        number=profile.charging_profile_id,
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


def _period(period: v16.ChargingSchedulePeriod) -> Period:
    return Period(
        period.start_period, float(period.limit), None if period.number_phases is UNSET else period.number_phases
    )


def is_allowed(machine: Machine, connector: int, profile: v16.ChargingProfile) -> bool:
    """What 1.6 says of purposes, connectors and levels (3.13.1, 5.16)."""
    is_formed = (
        connector in {0, *machine.evses}
        and bool(profile.charging_schedule.charging_schedule_period)
        and 0 <= profile.stack_level <= machine.settings.number("max_stack")
        and (profile.charging_profile_kind != "Recurring" or profile.recurrency_kind is not UNSET)
    )
    if not is_formed:
        return False
    match profile.charging_profile_purpose:
        case "ChargePointMaxProfile":
            return connector == 0
        case "TxProfile":
            evse = machine.evses.get(connector)
            if evse is None or evse.transaction is None:
                return False
            return profile.transaction_id in {UNSET, evse.transaction.key}
        case _:
            return True


def composite(machine: Machine, connector: int, duration_s: int, unit: Unit) -> v16.ChargingSchedule:
    """The limits ahead, in `unit`; connector 0 is the grid connection."""
    periods = [
        v16.ChargingSchedulePeriod(start_period=start, limit=tenths(watts, unit, machine.options.phases))
        for start, watts in pieces(machine, connector, duration_s)
    ]
    return v16.ChargingSchedule(
        duration=duration_s,
        start_schedule=machine.wall,
        charging_rate_unit=unit,
        charging_schedule_period=periods,
    )


def pieces(machine: Machine, number: int, duration_s: int) -> list[tuple[int, float]]:
    """Start and watts of each piece of the composite schedule of an EVSE, or of the station (0)."""
    most_w = float(machine.options.power_w)
    if number:
        moment = metering.moment(machine, machine.evses[number], machine.now)
        return machine.profiles.composite(moment, duration_s, most_w)
    first = next(iter(machine.evses.values()))
    moment = metering.moment(machine, first, machine.now)._replace(evse=0, transaction=None, started=None)
    return machine.profiles.composite(moment, duration_s, most_w * len(machine.evses))


def tenths(watts: float, unit: Unit, phases: int) -> Decimal:
    """A limit as the wire has it, with one decimal place."""
    return Decimal(f"{watts if unit == 'W' else watts / (VOLTS * phases):.1f}")
