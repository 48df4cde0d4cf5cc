"""Progress reports of every version."""

from ocpp_css.charging.maintenance import service
from ocpp_css.gateway.context import Context
from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.routing import Routes

routes: Routes[Context] = Routes()


@routes.on(v16.DIAGNOSTICS_STATUS_NOTIFICATION)
async def diagnostics(
    context: Context, request: v16.DiagnosticsStatusNotificationRequest
) -> v16.DiagnosticsStatusNotificationResponse:
    service.report(context, "diagnostics", request.status)
    return v16.DiagnosticsStatusNotificationResponse()


@routes.on(v16.FIRMWARE_STATUS_NOTIFICATION)
async def firmware(
    context: Context, request: v16.FirmwareStatusNotificationRequest
) -> v16.FirmwareStatusNotificationResponse:
    service.report(context, "firmware", request.status)
    return v16.FirmwareStatusNotificationResponse()


@routes.on(v16.SIGNED_FIRMWARE_STATUS_NOTIFICATION)
async def signed_firmware(
    context: Context, request: v16.SignedFirmwareStatusNotificationRequest
) -> v16.SignedFirmwareStatusNotificationResponse:
    service.report(context, "firmware", request.status, request.request_id)
    return v16.SignedFirmwareStatusNotificationResponse()


@routes.on(v16.LOG_STATUS_NOTIFICATION)
async def log(context: Context, request: v16.LogStatusNotificationRequest) -> v16.LogStatusNotificationResponse:
    service.report(context, "log", request.status, request.request_id)
    return v16.LogStatusNotificationResponse()


@routes.on(v201.FIRMWARE_STATUS_NOTIFICATION)
async def firmware_201(
    context: Context, request: v201.FirmwareStatusNotificationRequest
) -> v201.FirmwareStatusNotificationResponse:
    service.report(context, "firmware", request.status, request.request_id)
    return v201.FirmwareStatusNotificationResponse()


@routes.on(v201.LOG_STATUS_NOTIFICATION)
async def log_201(context: Context, request: v201.LogStatusNotificationRequest) -> v201.LogStatusNotificationResponse:
    service.report(context, "log", request.status, request.request_id)
    return v201.LogStatusNotificationResponse()


@routes.on(v201.PUBLISH_FIRMWARE_STATUS_NOTIFICATION)
async def published_201(
    context: Context, request: v201.PublishFirmwareStatusNotificationRequest
) -> v201.PublishFirmwareStatusNotificationResponse:
    service.report(context, "published firmware", request.status, request.request_id)
    return v201.PublishFirmwareStatusNotificationResponse()


@routes.on(v21.FIRMWARE_STATUS_NOTIFICATION)
async def firmware_21(
    context: Context, request: v21.FirmwareStatusNotificationRequest
) -> v21.FirmwareStatusNotificationResponse:
    service.report(context, "firmware", request.status, request.request_id)
    return v21.FirmwareStatusNotificationResponse()


@routes.on(v21.LOG_STATUS_NOTIFICATION)
async def log_21(context: Context, request: v21.LogStatusNotificationRequest) -> v21.LogStatusNotificationResponse:
    service.report(context, "log", request.status, request.request_id)
    return v21.LogStatusNotificationResponse()


@routes.on(v21.PUBLISH_FIRMWARE_STATUS_NOTIFICATION)
async def published_21(
    context: Context, request: v21.PublishFirmwareStatusNotificationRequest
) -> v21.PublishFirmwareStatusNotificationResponse:
    service.report(context, "published firmware", request.status, request.request_id)
    return v21.PublishFirmwareStatusNotificationResponse()
