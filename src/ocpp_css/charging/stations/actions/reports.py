"""What every station says: boot, heartbeat, status, reports, security events, data of vendors."""

from msgspec import UNSET, UnsetType

from ocpp_css.charging.stations.service import reports
from ocpp_css.dialects import v1x, v2x
from ocpp_css.gateway.context import Context
from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.routing import Routes

routes: Routes[Context] = Routes()


@routes.on(v16.BOOT_NOTIFICATION)
async def boot(context: Context, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
    status, interval = reports.boot(context.unit, context.station, v1x.boot(request), "1.6")
    return v16.BootNotificationResponse(status=status, current_time=context.time, interval=interval)


@routes.on(v201.BOOT_NOTIFICATION)
async def boot_201(context: Context, request: v201.BootNotificationRequest) -> v201.BootNotificationResponse:
    said = v2x.boot(request.charging_station, request.reason)
    status, interval = reports.boot(context.unit, context.station, said, "2.0.1")
    return v201.BootNotificationResponse(status=status, current_time=context.time, interval=interval)


@routes.on(v21.BOOT_NOTIFICATION)
async def boot_21(context: Context, request: v21.BootNotificationRequest) -> v21.BootNotificationResponse:
    said = v2x.boot(request.charging_station, request.reason)
    status, interval = reports.boot(context.unit, context.station, said, "2.1")
    return v21.BootNotificationResponse(status=status, current_time=context.time, interval=interval)


@routes.on(v16.HEARTBEAT)
async def heartbeat(context: Context, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:  # noqa: ARG001
    return v16.HeartbeatResponse(current_time=context.time)


@routes.on(v201.HEARTBEAT)
async def heartbeat_201(context: Context, request: v201.HeartbeatRequest) -> v201.HeartbeatResponse:  # noqa: ARG001
    return v201.HeartbeatResponse(current_time=context.time)


@routes.on(v21.HEARTBEAT)
async def heartbeat_21(context: Context, request: v21.HeartbeatRequest) -> v21.HeartbeatResponse:  # noqa: ARG001
    return v21.HeartbeatResponse(current_time=context.time)


@routes.on(v16.STATUS_NOTIFICATION)
async def status(context: Context, request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
    await reports.connector(
        context.unit,
        context.station,
        v1x.place(request.connector_id),
        request.status,
        error_code=request.error_code,
        info=request.info or None,
        at=request.timestamp or None,
    )
    return v16.StatusNotificationResponse()


@routes.on(v201.STATUS_NOTIFICATION)
async def status_201(context: Context, request: v201.StatusNotificationRequest) -> v201.StatusNotificationResponse:
    await _status_2x(context, request)
    return v201.StatusNotificationResponse()


@routes.on(v21.STATUS_NOTIFICATION)
async def status_21(context: Context, request: v21.StatusNotificationRequest) -> v21.StatusNotificationResponse:
    await _status_2x(context, request)
    return v21.StatusNotificationResponse()


async def _status_2x(context: Context, request: v201.StatusNotificationRequest | v21.StatusNotificationRequest) -> None:
    place = (request.evse_id, request.connector_id)
    await reports.connector(context.unit, context.station, place, request.connector_status, at=request.timestamp)


@routes.on(v16.SECURITY_EVENT_NOTIFICATION)
async def security_event(
    context: Context, request: v16.SecurityEventNotificationRequest
) -> v16.SecurityEventNotificationResponse:
    tech_info = request.tech_info or None
    reports.security_event(context.unit, context.station, request.type, request.timestamp, tech_info)
    return v16.SecurityEventNotificationResponse()


@routes.on(v201.SECURITY_EVENT_NOTIFICATION)
async def security_event_201(
    context: Context, request: v201.SecurityEventNotificationRequest
) -> v201.SecurityEventNotificationResponse:
    tech_info = request.tech_info or None
    reports.security_event(context.unit, context.station, request.type, request.timestamp, tech_info)
    return v201.SecurityEventNotificationResponse()


@routes.on(v21.SECURITY_EVENT_NOTIFICATION)
async def security_event_21(
    context: Context, request: v21.SecurityEventNotificationRequest
) -> v21.SecurityEventNotificationResponse:
    tech_info = request.tech_info or None
    reports.security_event(context.unit, context.station, request.type, request.timestamp, tech_info)
    return v21.SecurityEventNotificationResponse()


@routes.on(v201.NOTIFY_REPORT)
async def report_201(context: Context, request: v201.NotifyReportRequest) -> v201.NotifyReportResponse:
    _report(context, request)
    return v201.NotifyReportResponse()


@routes.on(v21.NOTIFY_REPORT)
async def report_21(context: Context, request: v21.NotifyReportRequest) -> v21.NotifyReportResponse:
    _report(context, request)
    return v21.NotifyReportResponse()


def _report(context: Context, request: v201.NotifyReportRequest | v21.NotifyReportRequest) -> None:
    """Each attribute of each variable is one row (B07, B08)."""
    for data in request.report_data or ():
        component, variable = data.component, data.variable
        evse = component.evse
        for attribute in data.variable_attribute:
            reports.variable(
                context.unit,
                context.station.station_id,
                name=variable.name,
                value=attribute.value or None,
                component=component.name,
                mutability=attribute.mutability or None,
                component_instance=component.instance or None,
                evse_id=0 if isinstance(evse, UnsetType) else evse.id,
                connector_id=0 if isinstance(evse, UnsetType) else evse.connector_id or 0,
                variable_instance=variable.instance or None,
                attribute=attribute.type or None,
                characteristics=v2x.characteristics(data.variable_characteristics),
            )


@routes.on(v201.NOTIFY_EVENT)
async def event_201(context: Context, request: v201.NotifyEventRequest) -> v201.NotifyEventResponse:
    await _events(context, request)
    return v201.NotifyEventResponse()


@routes.on(v21.NOTIFY_EVENT)
async def event_21(context: Context, request: v21.NotifyEventRequest) -> v21.NotifyEventResponse:
    await _events(context, request)
    return v21.NotifyEventResponse()


async def _events(context: Context, request: v201.NotifyEventRequest | v21.NotifyEventRequest) -> None:
    """Each event is kept; an availability state is a connector's status too (N07, G01)."""
    for event in request.event_data:
        evse = event.component.evse
        evse_id = None if isinstance(evse, UnsetType) else evse.id
        severity = getattr(event, "severity", UNSET)
        reports.device_event(
            context.unit,
            context.station.station_id,
            component=event.component.name,
            variable=event.variable.name,
            evse_id=evse_id,
            trigger=event.trigger,
            value=event.actual_value,
            tech_code=event.tech_code or None,
            tech_info=event.tech_info or None,
            is_cleared=None if event.cleared is UNSET else event.cleared,
            severity=None if severity is UNSET else severity,
            station_time=event.timestamp,
        )
        if event.component.name == "Connector" and event.variable.name == "AvailabilityState" and evse_id:
            place = (evse_id, 1 if isinstance(evse, UnsetType) else evse.connector_id or 1)
            await reports.availability(context.unit, context.station, place, event.actual_value, event.timestamp)


@routes.on(v16.DATA_TRANSFER)
async def data(context: Context, request: v16.DataTransferRequest) -> v16.DataTransferResponse:  # noqa: ARG001
    """Kept in the log; no vendor's extension is known here."""
    return v16.DataTransferResponse(status="UnknownVendorId")


@routes.on(v201.DATA_TRANSFER)
async def data_201(context: Context, request: v201.DataTransferRequest) -> v201.DataTransferResponse:  # noqa: ARG001
    return v201.DataTransferResponse(status="UnknownVendorId")


@routes.on(v21.DATA_TRANSFER)
async def data_21(context: Context, request: v21.DataTransferRequest) -> v21.DataTransferResponse:  # noqa: ARG001
    return v21.DataTransferResponse(status="UnknownVendorId")
