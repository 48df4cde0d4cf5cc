"""Reports that ask for no decision: they are kept in the message log, where page and API show them."""

from ocpp_css.gateway.context import Context
from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.routing import Routes

routes: Routes[Context] = Routes()


@routes.on(v201.CLEARED_CHARGING_LIMIT)
async def cleared_charging_limit_201(
    context: Context,  # noqa: ARG001
    request: v201.ClearedChargingLimitRequest,  # noqa: ARG001
) -> v201.ClearedChargingLimitResponse:
    return v201.ClearedChargingLimitResponse()


@routes.on(v201.NOTIFY_CHARGING_LIMIT)
async def notify_charging_limit_201(
    context: Context,  # noqa: ARG001
    request: v201.NotifyChargingLimitRequest,  # noqa: ARG001
) -> v201.NotifyChargingLimitResponse:
    return v201.NotifyChargingLimitResponse()


@routes.on(v201.NOTIFY_CUSTOMER_INFORMATION)
async def notify_customer_information_201(
    context: Context,  # noqa: ARG001
    request: v201.NotifyCustomerInformationRequest,  # noqa: ARG001
) -> v201.NotifyCustomerInformationResponse:
    return v201.NotifyCustomerInformationResponse()


@routes.on(v201.NOTIFY_DISPLAY_MESSAGES)
async def notify_display_messages_201(
    context: Context,  # noqa: ARG001
    request: v201.NotifyDisplayMessagesRequest,  # noqa: ARG001
) -> v201.NotifyDisplayMessagesResponse:
    return v201.NotifyDisplayMessagesResponse()


@routes.on(v201.NOTIFY_MONITORING_REPORT)
async def notify_monitoring_report_201(
    context: Context,  # noqa: ARG001
    request: v201.NotifyMonitoringReportRequest,  # noqa: ARG001
) -> v201.NotifyMonitoringReportResponse:
    return v201.NotifyMonitoringReportResponse()


@routes.on(v201.REPORT_CHARGING_PROFILES)
async def report_charging_profiles_201(
    context: Context,  # noqa: ARG001
    request: v201.ReportChargingProfilesRequest,  # noqa: ARG001
) -> v201.ReportChargingProfilesResponse:
    return v201.ReportChargingProfilesResponse()


@routes.on(v201.RESERVATION_STATUS_UPDATE)
async def reservation_status_update_201(
    context: Context,  # noqa: ARG001
    request: v201.ReservationStatusUpdateRequest,  # noqa: ARG001
) -> v201.ReservationStatusUpdateResponse:
    return v201.ReservationStatusUpdateResponse()


@routes.on(v21.CLEARED_CHARGING_LIMIT)
async def cleared_charging_limit_21(
    context: Context,  # noqa: ARG001
    request: v21.ClearedChargingLimitRequest,  # noqa: ARG001
) -> v21.ClearedChargingLimitResponse:
    return v21.ClearedChargingLimitResponse()


@routes.on(v21.NOTIFY_CHARGING_LIMIT)
async def notify_charging_limit_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyChargingLimitRequest,  # noqa: ARG001
) -> v21.NotifyChargingLimitResponse:
    return v21.NotifyChargingLimitResponse()


@routes.on(v21.NOTIFY_CUSTOMER_INFORMATION)
async def notify_customer_information_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyCustomerInformationRequest,  # noqa: ARG001
) -> v21.NotifyCustomerInformationResponse:
    return v21.NotifyCustomerInformationResponse()


@routes.on(v21.NOTIFY_DISPLAY_MESSAGES)
async def notify_display_messages_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyDisplayMessagesRequest,  # noqa: ARG001
) -> v21.NotifyDisplayMessagesResponse:
    return v21.NotifyDisplayMessagesResponse()


@routes.on(v21.NOTIFY_MONITORING_REPORT)
async def notify_monitoring_report_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyMonitoringReportRequest,  # noqa: ARG001
) -> v21.NotifyMonitoringReportResponse:
    return v21.NotifyMonitoringReportResponse()


@routes.on(v21.REPORT_CHARGING_PROFILES)
async def report_charging_profiles_21(
    context: Context,  # noqa: ARG001
    request: v21.ReportChargingProfilesRequest,  # noqa: ARG001
) -> v21.ReportChargingProfilesResponse:
    return v21.ReportChargingProfilesResponse()


@routes.on(v21.RESERVATION_STATUS_UPDATE)
async def reservation_status_update_21(
    context: Context,  # noqa: ARG001
    request: v21.ReservationStatusUpdateRequest,  # noqa: ARG001
) -> v21.ReservationStatusUpdateResponse:
    return v21.ReservationStatusUpdateResponse()


@routes.on(v21.BATTERY_SWAP)
async def battery_swap_21(
    context: Context,  # noqa: ARG001
    request: v21.BatterySwapRequest,  # noqa: ARG001
) -> v21.BatterySwapResponse:
    return v21.BatterySwapResponse()


@routes.on(v21.NOTIFY_DER_ALARM)
async def notify_der_alarm_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyDERAlarmRequest,  # noqa: ARG001
) -> v21.NotifyDERAlarmResponse:
    return v21.NotifyDERAlarmResponse()


@routes.on(v21.NOTIFY_DER_START_STOP)
async def notify_der_start_stop_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyDERStartStopRequest,  # noqa: ARG001
) -> v21.NotifyDERStartStopResponse:
    return v21.NotifyDERStartStopResponse()


@routes.on(v21.NOTIFY_PRIORITY_CHARGING)
async def notify_priority_charging_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyPriorityChargingRequest,  # noqa: ARG001
) -> v21.NotifyPriorityChargingResponse:
    return v21.NotifyPriorityChargingResponse()


@routes.on(v21.NOTIFY_SETTLEMENT)
async def notify_settlement_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifySettlementRequest,  # noqa: ARG001
) -> v21.NotifySettlementResponse:
    return v21.NotifySettlementResponse()


@routes.on(v21.REPORT_DER_CONTROL)
async def report_der_control_21(
    context: Context,  # noqa: ARG001
    request: v21.ReportDERControlRequest,  # noqa: ARG001
) -> v21.ReportDERControlResponse:
    return v21.ReportDERControlResponse()


@routes.on(v21.CLOSE_PERIODIC_EVENT_STREAM)
async def close_periodic_event_stream_21(
    context: Context,  # noqa: ARG001
    request: v21.ClosePeriodicEventStreamRequest,  # noqa: ARG001
) -> v21.ClosePeriodicEventStreamResponse:
    return v21.ClosePeriodicEventStreamResponse()


@routes.on(v201.NOTIFY_EV_CHARGING_SCHEDULE)
async def ev_schedule_201(
    context: Context,  # noqa: ARG001
    request: v201.NotifyEVChargingScheduleRequest,  # noqa: ARG001
) -> v201.NotifyEVChargingScheduleResponse:
    """Kept: the EV's schedule is within what it was offered (K17)."""
    return v201.NotifyEVChargingScheduleResponse(status="Accepted")


@routes.on(v21.NOTIFY_EV_CHARGING_SCHEDULE)
async def ev_schedule_21(
    context: Context,  # noqa: ARG001
    request: v21.NotifyEVChargingScheduleRequest,  # noqa: ARG001
) -> v21.NotifyEVChargingScheduleResponse:
    """Kept: the EV's schedule is within what it was offered (K17)."""
    return v21.NotifyEVChargingScheduleResponse(status="Accepted")


@routes.on(v16.SIGN_CERTIFICATE)
async def sign_16(
    context: Context,  # noqa: ARG001
    request: v16.SignCertificateRequest,  # noqa: ARG001
) -> v16.SignCertificateResponse:
    """No certificate authority is configured: told so at once (A02.FR.05)."""
    return v16.SignCertificateResponse(status="Rejected")


@routes.on(v201.SIGN_CERTIFICATE)
async def sign_201(
    context: Context,  # noqa: ARG001
    request: v201.SignCertificateRequest,  # noqa: ARG001
) -> v201.SignCertificateResponse:
    """No certificate authority is configured: told so at once (A02.FR.05)."""
    return v201.SignCertificateResponse(status="Rejected")


@routes.on(v21.SIGN_CERTIFICATE)
async def sign_21(
    context: Context,  # noqa: ARG001
    request: v21.SignCertificateRequest,  # noqa: ARG001
) -> v21.SignCertificateResponse:
    """No certificate authority is configured: told so at once (A02.FR.05)."""
    return v21.SignCertificateResponse(status="Rejected")
