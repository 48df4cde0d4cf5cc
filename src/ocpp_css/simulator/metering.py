"""The energy that flows at an EVSE as time goes by, and when it is told."""

from typing import Final

from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Machine
from ocpp_css.simulator.power import MIN_AMPERES, VOLTS, Supply, Value, allowed_w, readings, steps
from ocpp_css.simulator.profiles import Moment
from ocpp_css.simulator.status import report

SHORTEST_S: Final = 0.2
"""However fast the emulated time runs: no EVSE is metered more often."""

_CHECK_S: Final = 30.0


def moment(machine: Machine, evse: Evse, at: float) -> Moment:
    """For what the charging profiles are asked."""
    transaction = evse.transaction
    started = None if transaction is None else transaction.started_s
    key = None if transaction is None else transaction.key
    return Moment(evse.number, at, key, started, machine.options.phases)


def offered_w(machine: Machine, evse: Evse, at: float | None = None) -> float:
    """What the EVSE may give: its own power, or less by a charging profile."""
    limit = machine.profiles.limit_w(moment(machine, evse, machine.now if at is None else at))
    own = float(machine.options.power_w)
    return own if limit is None else min(own, max(0.0, limit))


def _is_flowing(evse: Evse) -> bool:
    transaction = evse.transaction
    if transaction is None or transaction.is_refused or evse.fault is not None:
        return False
    return evse.grant is not None


def advance(machine: Machine, evse: Evse) -> None:
    """Bring meter and battery up to the present moment."""
    elapsed = max(0.0, machine.now - evse.advanced_s) * machine.options.time_scale
    evse.advanced_s = machine.now
    if evse.vehicle is None or not _is_flowing(evse):
        evse.meter.power_w = 0.0
        evse.contact_s = 0.0
        return
    at = machine.now - elapsed / machine.options.time_scale
    for piece in steps(elapsed):
        at += piece / machine.options.time_scale
        _flow(machine, evse, at, piece)
    transaction = evse.transaction
    if transaction is not None and evse.meter.power_w > 0:
        transaction.charging_s += elapsed


def _flow(machine: Machine, evse: Evse, at: float, seconds: float) -> None:
    options, vehicle = machine.options, evse.vehicle
    assert vehicle is not None
    evse.contact_s += seconds
    limit = offered_w(machine, evse, at)
    demand = vehicle.demand_w(evse.contact_s, is_dc=options.is_dc)
    power = allowed_w(demand, limit, is_dc=options.is_dc, phases=options.phases)
    evse.flow = "held" if limit < _least_w(machine) else ""
    evse.meter.step(vehicle, power, seconds)
    evse.meter.power_w = 0.0 if vehicle.is_full else power


def _least_w(machine: Machine) -> float:
    """Below this an EVSE holds the charging."""
    return 1.0 if machine.options.is_dc else MIN_AMPERES * VOLTS * machine.options.phases


def values(machine: Machine, evse: Evse, word: str) -> list[Value]:
    """A reading of what the setting behind `word` names."""
    advance(machine, evse)
    options = machine.options
    charge = evse.vehicle.charge if evse.vehicle is not None and options.is_dc else None
    supply = Supply(offered_w(machine, evse), charge, options.is_dc, options.phases)
    return readings(machine.settings.names(word), evse.meter, supply, machine.rng)


def check(machine: Machine, evse: Evse) -> None:
    """Bring the EVSE up to date, and tell a new charging state."""
    advance(machine, evse)
    tell_state(machine, evse)
    report(machine, evse)


def tell_state(machine: Machine, evse: Evse, trigger: str = "ChargingStateChanged") -> None:
    """Tell the central system when the charging state is another than it was told."""
    transaction = evse.transaction
    if transaction is not None and transaction.state != evse.charging_state:
        machine.send(machine.words.updated(evse, trigger, []))
        transaction.state = evse.charging_state


# --- when ------------------------------------------------------------------------------------------------------------


def begin(machine: Machine, evse: Evse) -> None:
    """A transaction began: meter it."""
    _next_check(machine, evse)
    _next_sample(machine, evse)


def end(machine: Machine, evse: Evse) -> None:
    """It is over."""
    machine.timers.cancel(f"check:{evse.number}")
    machine.timers.cancel(f"sample:{evse.number}")


def _scaled(machine: Machine, seconds: float) -> float:
    return max(SHORTEST_S, seconds / machine.options.time_scale)


def _next_check(machine: Machine, evse: Evse) -> None:
    def action() -> None:
        check(machine, evse)
        _next_check(machine, evse)

    machine.after(f"check:{evse.number}", _scaled(machine, _CHECK_S), action)


def _next_sample(machine: Machine, evse: Evse) -> None:
    interval = machine.settings.number("sample_s")
    if interval <= 0:
        return

    def action() -> None:
        sample(machine, evse)
        _next_sample(machine, evse)

    machine.after(f"sample:{evse.number}", _scaled(machine, interval), action)


def resample(machine: Machine) -> None:
    """The interval was changed: use the new one from now on."""
    for evse in machine.evses.values():
        if evse.transaction is not None:
            machine.timers.cancel(f"sample:{evse.number}")
            _next_sample(machine, evse)
    next_aligned(machine)


def sample(machine: Machine, evse: Evse, trigger: str = "MeterValuePeriodic") -> None:
    """Tell the present values of a transaction, or of an EVSE without one."""
    reading = values(machine, evse, "sampled")
    tell_state(machine, evse)
    if evse.transaction is None:
        context = "Trigger" if trigger == "Trigger" else "Sample.Periodic"
        machine.send(machine.words.meter_values(evse, context, reading) if reading else None)
    else:
        machine.send(machine.words.updated(evse, trigger, reading))
    report(machine, evse)


def next_aligned(machine: Machine) -> None:
    """Wait for the next full interval of the clock, counted from midnight UTC (1.6 9.1.5)."""
    interval = machine.settings.number("aligned_s")
    if interval <= 0:
        machine.timers.cancel("aligned")
        return

    def action() -> None:
        _align(machine)
        next_aligned(machine)

    clock = machine.now + machine.clock_offset_s
    machine.after("aligned", interval - clock % interval, action)


def _align(machine: Machine) -> None:
    for evse in machine.evses.values():
        reading = values(machine, evse, "aligned")
        if not reading:
            continue
        if evse.transaction is not None:
            machine.send(machine.words.updated(evse, "MeterValueClock", reading))
        else:
            machine.send(machine.words.meter_values(evse, "Sample.Clock", reading))
