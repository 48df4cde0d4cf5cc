"""What only a 2.1 station answers: tariffs, DER controls, priority and dynamic charging, streams, swaps, payment."""

from typing import Any, Final

import msgspec
from msgspec import UNSET

from ocpp_css.ocpp import v21
from ocpp_css.simulator import commands, profiles2x
from ocpp_css.simulator.answers import Answers
from ocpp_css.simulator.machine import Machine
from ocpp_css.simulator.outbox import Letter

ANSWERS: Final = Answers()

_MEMBERS: Final = {
    "EnterService": "enter_service",
    "FreqDroop": "freq_droop",
    "FixedPFAbsorb": "fixed_pf_absorb",
    "FixedPFInject": "fixed_pf_inject",
    "FixedVar": "fixed_var",
    "Gradients": "gradient",
    "LimitMaxDischarge": "limit_max_discharge",
}


# --- tariffs (I) ----------------------------------------------------------------------------------------------------


@ANSWERS.on(v21.SET_DEFAULT_TARIFF)
def set_default_tariff(machine: Machine, request: v21.SetDefaultTariffRequest) -> v21.SetDefaultTariffResponse:
    """I07: EVSE 0 stands for all."""
    if request.evse_id not in {0, *machine.evses}:
        return v21.SetDefaultTariffResponse(status="Rejected")
    for number in machine.evses if request.evse_id == 0 else (request.evse_id,):
        machine.shelf.tariffs[number] = request.tariff
    return v21.SetDefaultTariffResponse(status="Accepted")


@ANSWERS.on(v21.GET_TARIFFS)
def get_tariffs(machine: Machine, request: v21.GetTariffsRequest) -> v21.GetTariffsResponse:
    """I09."""
    by_tariff: dict[str, list[int]] = {}
    for number, tariff in sorted(machine.shelf.tariffs.items()):
        if request.evse_id in {0, number}:
            by_tariff.setdefault(tariff.tariff_id, []).append(number)
    if not by_tariff:
        return v21.GetTariffsResponse(status="NoTariff")
    rows = [
        v21.TariffAssignment(tariff_id=key, tariff_kind="DefaultTariff", evse_ids=numbers)
        for key, numbers in by_tariff.items()
    ]
    return v21.GetTariffsResponse(status="Accepted", tariff_assignments=rows)


@ANSWERS.on(v21.CLEAR_TARIFFS)
def clear_tariffs(machine: Machine, request: v21.ClearTariffsRequest) -> v21.ClearTariffsResponse:
    """I10: no ids clears all."""
    known = machine.shelf.tariffs
    present = {tariff.tariff_id for tariff in known.values()}
    asked = sorted(present) if request.tariff_ids is UNSET else request.tariff_ids
    for number, tariff in list(known.items()):
        if tariff.tariff_id in asked and request.evse_id in {UNSET, 0, number}:
            del known[number]
    rows = [v21.ClearTariffsResult(tariff_id=key, status="Accepted" if key in present else "NoTariff") for key in asked]
    return v21.ClearTariffsResponse(clear_tariffs_result=rows or [v21.ClearTariffsResult(status="NoTariff")])


@ANSWERS.on(v21.CHANGE_TRANSACTION_TARIFF)
def change_tariff(machine: Machine, request: v21.ChangeTransactionTariffRequest) -> v21.ChangeTransactionTariffResponse:
    """I11: told in a TransactionEvent with the trigger TariffChanged."""
    found = commands.find(machine, request.transaction_id)
    if found is None:
        return v21.ChangeTransactionTariffResponse(status="TxNotFound")
    evse, transaction = found
    transaction.tariff_id = request.tariff.tariff_id
    machine.link.after(lambda: machine.send(machine.words.updated(evse, "TariffChanged", [])))
    return v21.ChangeTransactionTariffResponse(status="Accepted")


# --- charging (K, Q) ------------------------------------------------------------------------------------------------


@ANSWERS.on(v21.UPDATE_DYNAMIC_SCHEDULE)
def update_schedule(machine: Machine, request: v21.UpdateDynamicScheduleRequest) -> v21.UpdateDynamicScheduleResponse:
    """K28: the limit of the first period of a dynamic profile is replaced."""
    known = [profile for profile in machine.profiles.installed if profile.number == request.charging_profile_id]
    if not known or known[0].kind != "Dynamic":
        return v21.UpdateDynamicScheduleResponse(status="Rejected")
    old: Any = known[0].message
    schedule = old.charging_schedule[0]
    period = schedule.charging_schedule_period[0]
    changed = {
        name: value
        for name in request.schedule_update.__struct_fields__
        if name in period.__struct_fields__ and (value := getattr(request.schedule_update, name)) is not UNSET
    }
    periods = [msgspec.structs.replace(period, **changed), *schedule.charging_schedule_period[1:]]
    schedules = [msgspec.structs.replace(schedule, charging_schedule_period=periods), *old.charging_schedule[1:]]
    new = msgspec.structs.replace(old, charging_schedule=schedules, dyn_update_time=machine.wall)
    machine.profiles.install(profiles2x.neutral(new, known[0].evse, machine.now))
    commands.limits_changed(machine)
    return v21.UpdateDynamicScheduleResponse(status="Accepted")


@ANSWERS.on(v21.USE_PRIORITY_CHARGING)
def use_priority(machine: Machine, request: v21.UsePriorityChargingRequest) -> v21.UsePriorityChargingResponse:
    """K21: it needs a profile of that purpose; the station tells what it does in NotifyPriorityCharging."""
    found = commands.find(machine, request.transaction_id)
    if found is None:
        return v21.UsePriorityChargingResponse(status="Rejected")
    if not any(profile.purpose == "PriorityCharging" for profile in machine.profiles.installed):
        return v21.UsePriorityChargingResponse(status="NoProfile")
    machine.profiles.has_priority = request.activate
    notice = v21.NotifyPriorityChargingRequest(transaction_id=request.transaction_id, activated=request.activate)
    machine.link.after(lambda: machine.send(Letter("NotifyPriorityCharging", notice)))
    commands.limits_changed(machine)
    return v21.UsePriorityChargingResponse(status="Accepted")


@ANSWERS.on(v21.NOTIFY_ALLOWED_ENERGY_TRANSFER)
def allowed_transfer(
    machine: Machine, request: v21.NotifyAllowedEnergyTransferRequest
) -> v21.NotifyAllowedEnergyTransferResponse:
    """Q02: known transactions only."""
    is_known = commands.find(machine, request.transaction_id) is not None
    return v21.NotifyAllowedEnergyTransferResponse(status="Accepted" if is_known else "Rejected")


@ANSWERS.on(v21.AFRR_SIGNAL)
def afrr_signal(machine: Machine, _request: v21.AFRRSignalRequest) -> v21.AFRRSignalResponse:
    """Q08: only a station that charges can follow."""
    is_busy = any(evse.transaction is not None for evse in machine.evses.values())
    return v21.AFRRSignalResponse(status="Accepted" if is_busy else "Rejected")


# --- DER control (R) ------------------------------------------------------------------------------------------------


@ANSWERS.on(v21.SET_DER_CONTROL)
def set_der(machine: Machine, request: v21.SetDERControlRequest) -> v21.SetDERControlResponse:
    """R04: kept; one of the same type and kind is superseded."""
    wanted = _MEMBERS.get(request.control_type, "curve")
    if getattr(request, wanted) is UNSET:
        return v21.SetDERControlResponse(status="Rejected")
    kept: dict[str, v21.SetDERControlRequest] = machine.shelf.der_controls
    superseded = [
        key
        for key, known in kept.items()
        if key != request.control_id
        and (known.control_type, known.is_default) == (request.control_type, request.is_default)
    ]
    for key in superseded:
        del kept[key]
    kept[request.control_id] = request
    return v21.SetDERControlResponse(status="Accepted", superseded_ids=superseded[:24] or UNSET)


@ANSWERS.on(v21.CLEAR_DER_CONTROL)
def clear_der(machine: Machine, request: v21.ClearDERControlRequest) -> v21.ClearDERControlResponse:
    """R04."""
    kept = machine.shelf.der_controls
    gone = [
        key
        for key, known in kept.items()
        if request.control_id in {UNSET, key}
        and request.control_type in {UNSET, known.control_type}
        and known.is_default == request.is_default
    ]
    for key in gone:
        del kept[key]
    return v21.ClearDERControlResponse(status="Accepted" if gone else "NotFound")


@ANSWERS.on(v21.GET_DER_CONTROL)
def get_der(machine: Machine, request: v21.GetDERControlRequest) -> v21.GetDERControlResponse:
    """R04: the controls follow in ReportDERControl."""
    found: list[v21.SetDERControlRequest] = [
        known
        for key, known in machine.shelf.der_controls.items()
        if request.control_id in {UNSET, key}
        and request.control_type in {UNSET, known.control_type}
        and request.is_default in {UNSET, known.is_default}
    ]
    if not found:
        return v21.GetDERControlResponse(status="NotFound")
    reports = [_der_report(request.request_id, known, is_last=known is found[-1]) for known in found]

    def action() -> None:
        for report in reports:
            machine.send(Letter("ReportDERControl", report))

    machine.link.after(action)
    return v21.GetDERControlResponse(status="Accepted")


def _der_report(request_id: int, known: v21.SetDERControlRequest, *, is_last: bool) -> v21.ReportDERControlRequest:
    """One control a message, in the member of its type."""
    flags: dict[str, Any] = {"is_default": known.is_default, "is_superseded": False}
    key, tbc = known.control_id, not is_last
    match known.control_type:
        case "EnterService":
            row: dict[str, Any] = {"enter_service": [v21.EnterServiceGet(id=key, enter_service=_of(known))]}
        case "Gradients":
            row = {"gradient": [v21.GradientGet(id=key, gradient=_of(known))]}
        case "FreqDroop":
            row = {"freq_droop": [v21.FreqDroopGet(id=key, freq_droop=_of(known), **flags)]}
        case "FixedPFAbsorb":
            row = {"fixed_pf_absorb": [v21.FixedPFGet(id=key, fixed_pf=_of(known), **flags)]}
        case "FixedPFInject":
            row = {"fixed_pf_inject": [v21.FixedPFGet(id=key, fixed_pf=_of(known), **flags)]}
        case "FixedVar":
            row = {"fixed_var": [v21.FixedVarGet(id=key, fixed_var=_of(known), **flags)]}
        case "LimitMaxDischarge":
            get = v21.LimitMaxDischargeGet(id=key, limit_max_discharge=_of(known), **flags)
            row = {"limit_max_discharge": [get]}
        case _:
            row = {"curve": [v21.DERCurveGet(id=key, curve=_of(known), curve_type=known.control_type, **flags)]}
    return v21.ReportDERControlRequest(request_id=request_id, tbc=tbc, **row)


def _of(known: v21.SetDERControlRequest) -> Any:
    """The one member of a control that is set."""
    return getattr(known, _MEMBERS.get(known.control_type, "curve"))


# --- streams, swaps, payment ----------------------------------------------------------------------------------------


@ANSWERS.on(v21.GET_PERIODIC_EVENT_STREAM)
def get_streams(_machine: Machine, _request: v21.GetPeriodicEventStreamRequest) -> v21.GetPeriodicEventStreamResponse:
    """N12: the emulated station opens no streams."""
    return v21.GetPeriodicEventStreamResponse()


@ANSWERS.on(v21.ADJUST_PERIODIC_EVENT_STREAM)
def adjust_stream(
    _machine: Machine, _request: v21.AdjustPeriodicEventStreamRequest
) -> v21.AdjustPeriodicEventStreamResponse:
    """N14: there is none to adjust."""
    return v21.AdjustPeriodicEventStreamResponse(status="Rejected")


@ANSWERS.on(v21.REQUEST_BATTERY_SWAP)
def request_swap(_machine: Machine, _request: v21.RequestBatterySwapRequest) -> v21.RequestBatterySwapResponse:
    """S03: no batteries are swapped here."""
    return v21.RequestBatterySwapResponse(status="Rejected")


@ANSWERS.on(v21.NOTIFY_WEB_PAYMENT_STARTED)
def web_payment(_machine: Machine, _request: v21.NotifyWebPaymentStartedRequest) -> v21.NotifyWebPaymentStartedResponse:
    """C25: what the display would show."""
    return v21.NotifyWebPaymentStartedResponse()
