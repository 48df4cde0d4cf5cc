"""What a 2.x station answers about its device model: variables, reports, monitors (B05 to B08, N02 to N08)."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import UNSET

from ocpp_css.ocpp import v21, v201
from ocpp_css.ocpp.errors import CallError
from ocpp_css.simulator import commands, metering
from ocpp_css.simulator.answers import Answers
from ocpp_css.simulator.machine import Machine
from ocpp_css.simulator.outbox import Letter
from ocpp_css.simulator.settings import Setting, variable_key

ANSWERS: Final = Answers()

ROWS_A_MESSAGE: Final = 20
_MOST_ITEMS: Final = 50
_SUMMARY: Final = frozenset({"Available", "AvailabilityState", "Problem", "Model", "VendorName"})
_NUMERIC: Final = frozenset({"integer", "decimal"})


# --- variables ------------------------------------------------------------------------------------------------------


def _key(component: v201.Component, variable: v201.Variable) -> str:
    evse = None if component.evse is UNSET else component.evse
    return variable_key(
        component.name,
        variable.name,
        instance=None if variable.instance is UNSET else variable.instance,
        evse=None if evse is None else evse.id,
        connector=None if evse is None or evse.connector_id is UNSET else evse.connector_id,
    )


def _is_known(machine: Machine, component: v201.Component) -> bool:
    """Any variable of the component is there."""
    start = _key(component, v201.Variable(name="")).rstrip("/") + "/"
    return any(setting.key.startswith(start) for setting in machine.settings)


def present_value(machine: Machine, setting: Setting) -> str:  # noqa: PLR0911 -- one case a variable
    """The value as it is now: some variables show the state of the station."""
    evse = machine.evses.get(setting.evse or 0)
    match setting.name:
        case "AvailabilityState" if evse is not None:
            return machine.words.status_of(evse)
        case "Power" if evse is not None:
            metering.advance(machine, evse)
            return f"{evse.meter.power_w:.0f}"
        case "DateTime":
            return machine.wall.isoformat().replace("+00:00", "Z")
        case "Identity":
            return machine.options.identity
        case "Entries" if setting.component == "LocalAuthListCtrlr":
            return str(len(machine.tokens.listed))
        case "Entries":
            return str(len(machine.profiles.installed))
        case _:
            return machine.settings.value(setting.key)


@ANSWERS.on(v201.GET_VARIABLES)
def get_variables(machine: Machine, request: v201.GetVariablesRequest) -> v201.GetVariablesResponse:
    """B06."""
    _check_count(len(request.get_variable_data))
    return v201.GetVariablesResponse(get_variable_result=[_get(machine, row) for row in request.get_variable_data])


def _check_count(count: int) -> None:
    """B06.FR.16, and the same in B05: more items than ItemsPerMessage."""
    if count > _MOST_ITEMS:
        raise CallError("OccurrenceConstraintViolation", f"At most {_MOST_ITEMS} items in one message.")


def _get(machine: Machine, row: v201.GetVariableData) -> v201.GetVariableResult:
    setting = machine.settings.find(_key(row.component, row.variable))
    value: Any = UNSET
    if setting is None:
        status = "UnknownVariable" if _is_known(machine, row.component) else "UnknownComponent"
    elif row.attribute_type not in {UNSET, "Actual"}:
        status = "NotSupportedAttributeType"
    elif setting.is_writeonly:
        status = "Rejected"
    else:
        status, value = "Accepted", present_value(machine, setting)
    return v201.GetVariableResult(
        attribute_status=status,  # type: ignore[arg-type]
        attribute_type=row.attribute_type,
        attribute_value=value,
        component=row.component,
        variable=row.variable,
    )


@ANSWERS.on(v201.SET_VARIABLES)
def set_variables(machine: Machine, request: v201.SetVariablesRequest) -> v201.SetVariablesResponse:
    """B05."""
    _check_count(len(request.set_variable_data))
    return v201.SetVariablesResponse(set_variable_result=[_set(machine, row) for row in request.set_variable_data])


def _set(machine: Machine, row: v201.SetVariableData) -> v201.SetVariableResult:
    key = _key(row.component, row.variable)
    if machine.settings.find(key) is None:
        status = "UnknownVariable" if _is_known(machine, row.component) else "UnknownComponent"
    elif row.attribute_type not in {UNSET, "Actual"}:
        status = "NotSupportedAttributeType"
    else:
        outcome = machine.settings.change(key, row.attribute_value)
        commands.setting_changed(machine, key, outcome)
        status = "Rejected" if outcome == "ReadOnly" else outcome
    return v201.SetVariableResult(
        attribute_status=status,  # type: ignore[arg-type]
        attribute_type=row.attribute_type,
        component=row.component,
        variable=row.variable,
    )


# --- reports --------------------------------------------------------------------------------------------------------


@ANSWERS.on(v201.GET_BASE_REPORT)
def get_base_report(machine: Machine, request: v201.GetBaseReportRequest) -> v201.GetBaseReportResponse:
    """B07."""
    rows = [setting for setting in machine.settings if _is_in(setting, request.report_base)]
    return v201.GetBaseReportResponse(status=_report(machine, request.request_id, rows))


def _is_in(setting: Setting, base: str) -> bool:
    match base:
        case "ConfigurationInventory":
            return not setting.is_readonly
        case "SummaryInventory":
            return setting.name in _SUMMARY
        case _:
            return True


@ANSWERS.on(v201.GET_REPORT)
def get_report(machine: Machine, request: v201.GetReportRequest) -> v201.GetReportResponse:
    """B08: the criteria and the named variables together choose."""
    rows: Iterable[Setting] = machine.settings
    if request.component_criteria is not UNSET:
        names: set[str] = set(request.component_criteria)
        rows = [setting for setting in rows if _meets(setting, names)]
    if request.component_variable is not UNSET:
        asked = request.component_variable
        rows = [setting for setting in rows if any(_is_named(setting, row) for row in asked)]
    return v201.GetReportResponse(status=_report(machine, request.request_id, list(rows)))


def _meets(setting: Setting, criteria: set[str]) -> bool:
    """B08.FR.07 and following: all components are active; only those with a Problem variable may have one."""
    return bool(criteria & {"Active", "Available", "Enabled"}) and not setting.is_writeonly


def _is_named(setting: Setting, row: v201.ComponentVariable) -> bool:
    component = row.component
    if setting.component.lower() != component.name.lower():
        return False
    if component.evse is not UNSET and setting.evse != component.evse.id:
        return False
    return row.variable is UNSET or setting.name.lower() == row.variable.name.lower()


def _report(machine: Machine, request_id: int, rows: list[Setting]) -> Any:
    """The status of the answer; the rows follow in parts (B07, B08)."""
    if not rows:
        return "EmptyResultSet"
    parts = [rows[at : at + ROWS_A_MESSAGE] for at in range(0, len(rows), ROWS_A_MESSAGE)]

    def action() -> None:
        for number, part in enumerate(parts):
            notice = v201.NotifyReportRequest(
                request_id=request_id,
                generated_at=machine.wall,
                seq_no=number,
                report_data=[_report_row(machine, setting) for setting in part],
                tbc=number < len(parts) - 1,
            )
            machine.send(Letter("NotifyReport", notice, is_free=True))

    machine.link.after(action)
    return "Accepted"


def _report_row(machine: Machine, setting: Setting) -> v201.ReportData:
    mutability: Any = "ReadOnly" if setting.is_readonly else "WriteOnly" if setting.is_writeonly else "ReadWrite"
    limit = setting.high if setting.kind in _NUMERIC and setting.high is not None else UNSET
    return v201.ReportData(
        component=_component(setting),
        variable=v201.Variable(name=setting.name, instance=setting.instance or UNSET),
        variable_attribute=[
            v201.VariableAttribute(
                value=UNSET if setting.is_writeonly else present_value(machine, setting), mutability=mutability
            )
        ],
        variable_characteristics=v201.VariableCharacteristics(
            data_type=setting.kind,
            unit=setting.unit or UNSET,
            max_limit=limit,  # type: ignore[arg-type]
            values_list=setting.options or UNSET,
            supports_monitoring=setting.kind in _NUMERIC,
        ),
    )


def _component(setting: Setting) -> v201.Component:
    if setting.evse is None:
        return v201.Component(name=setting.component)
    connector = UNSET if setting.connector is None else setting.connector
    return v201.Component(name=setting.component, evse=v201.EVSE(id=setting.evse, connector_id=connector))


# --- monitors -------------------------------------------------------------------------------------------------------


@ANSWERS.on(v201.SET_VARIABLE_MONITORING)
def set_monitoring(machine: Machine, request: v201.SetVariableMonitoringRequest) -> v201.SetVariableMonitoringResponse:
    """N04."""
    rows = [_monitor(machine, row) for row in request.set_monitoring_data]
    return v201.SetVariableMonitoringResponse(set_monitoring_result=rows)


def _monitor(machine: Machine, row: v201.SetMonitoringData) -> v201.SetMonitoringResult:
    setting = machine.settings.find(_key(row.component, row.variable))
    number: Any = UNSET
    if setting is None:
        status = "UnknownVariable" if _is_known(machine, row.component) else "UnknownComponent"
    elif row.type in {"UpperThreshold", "LowerThreshold"} and setting.kind not in _NUMERIC:
        status = "UnsupportedMonitorType"
    elif row.id is not UNSET and row.id not in machine.shelf.monitors:
        status = "Rejected"
    else:
        number = _keep(machine, row)
        status = "Accepted" if number is not None else "Duplicate"
    return v201.SetMonitoringResult(
        id=UNSET if number is None else number,
        status=status,  # type: ignore[arg-type]
        type=row.type,
        component=row.component,
        variable=row.variable,
        severity=row.severity,
    )


def _keep(machine: Machine, row: v201.SetMonitoringData) -> int | None:
    """The id of the monitor, None where one of the same type and severity watches the variable (N04.FR.10)."""
    place = _key(row.component, row.variable)
    for number, known in machine.shelf.monitors.items():
        same = (_key(known.component, known.variable), known.type, known.severity) == (place, row.type, row.severity)
        if same and number != row.id:
            return None
    number = machine.next_monitor if row.id is UNSET else row.id
    machine.next_monitor = max(machine.next_monitor, number + 1)
    machine.shelf.monitors[number] = row
    return number


@ANSWERS.on(v201.CLEAR_VARIABLE_MONITORING)
def clear_monitoring(
    machine: Machine, request: v201.ClearVariableMonitoringRequest
) -> v201.ClearVariableMonitoringResponse:
    """N06."""
    rows = []
    for number in request.id:
        gone = machine.shelf.monitors.pop(number, None)
        rows.append(v201.ClearMonitoringResult(id=number, status="NotFound" if gone is None else "Accepted"))
    return v201.ClearVariableMonitoringResponse(clear_monitoring_result=rows)


@ANSWERS.on(v201.SET_MONITORING_BASE)
def set_monitoring_base(machine: Machine, request: v201.SetMonitoringBaseRequest) -> v201.SetMonitoringBaseResponse:
    """N05: there are no factory monitors to go back to."""
    if request.monitoring_base != "All":
        machine.shelf.monitors.clear()
    machine.settings.put("monitoringctrlr/activemonitoringbase", request.monitoring_base)
    return v201.SetMonitoringBaseResponse(status="Accepted")


@ANSWERS.on(v201.SET_MONITORING_LEVEL)
def set_monitoring_level(machine: Machine, request: v201.SetMonitoringLevelRequest) -> v201.SetMonitoringLevelResponse:
    """N05: severities are 0 to 9."""
    if not 0 <= request.severity <= 9:
        return v201.SetMonitoringLevelResponse(status="Rejected")
    machine.settings.put("monitoringctrlr/activemonitoringlevel", str(request.severity))
    return v201.SetMonitoringLevelResponse(status="Accepted")


@ANSWERS.on(v201.GET_MONITORING_REPORT)
def get_monitoring_report(
    machine: Machine, request: v201.GetMonitoringReportRequest
) -> v201.GetMonitoringReportResponse:
    """N02: the monitors follow in NotifyMonitoringReport."""
    chooses = _chooser(request)
    found = [(number, row) for number, row in sorted(machine.shelf.monitors.items()) if chooses(row)]
    if not found:
        return v201.GetMonitoringReportResponse(status="EmptyResultSet")
    notice = v201.NotifyMonitoringReportRequest(
        request_id=request.request_id,
        seq_no=0,
        generated_at=machine.wall,
        tbc=False,
        monitor=[_monitoring_row(machine, number, row) for number, row in found],
    )
    machine.link.after(lambda: machine.send(Letter("NotifyMonitoringReport", notice)))
    return v201.GetMonitoringReportResponse(status="Accepted")


def _chooser(request: v201.GetMonitoringReportRequest) -> Callable[[v201.SetMonitoringData], bool]:
    criteria = request.monitoring_criteria
    types: set[str] | None = None
    if criteria is not UNSET:
        types = {name for criterion in criteria for name in _MONITORS[criterion]}

    def chooses(row: v201.SetMonitoringData) -> bool:
        if types is not None and row.type not in types:
            return False
        asked = request.component_variable
        return asked is UNSET or any(part.component.name.lower() == row.component.name.lower() for part in asked)

    return chooses


_MONITORS: Final = {
    "ThresholdMonitoring": ("UpperThreshold", "LowerThreshold"),
    "DeltaMonitoring": ("Delta",),
    "PeriodicMonitoring": ("Periodic", "PeriodicClockAligned"),
}


def _monitoring_row(machine: Machine, number: int, row: v201.SetMonitoringData) -> v201.MonitoringData:
    """2.1 wants to know besides who made the monitor."""
    members: dict[str, Any] = {
        "id": number,
        "transaction": False if row.transaction is UNSET else row.transaction,
        "value": row.value,
        "type": row.type,
        "severity": row.severity,
    }
    if machine.options.version == "2.1":
        monitor: Any = v21.VariableMonitoring(**members, event_notification_type="CustomMonitor")
    else:
        monitor = v201.VariableMonitoring(**members)
    return v201.MonitoringData(component=row.component, variable=row.variable, variable_monitoring=[monitor])
