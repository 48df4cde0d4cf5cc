"""`/time`, `/ChargePoint/{identity}/{Action}`, `/CentralSystem/…`: old names, the same services behind them."""

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from ocpp_css.charging import stations, transactions
from ocpp_css.charging.commands import Commands
from ocpp_css.edge import Principal, needs, public
from ocpp_css.kit.clock import rfc3339, to_micros
from ocpp_css.kit.errors import Unavailable
from ocpp_css.storage import Database, Unit

MOST_LISTED = 500


@get("/api/v1/time", opt=public())
async def server_time(db: NamedDependency[Database]) -> dict[str, int]:
    """Tell the service's clock, in milliseconds since 1970."""
    return {"serverTime": to_micros(db.clock()) // 1000}


@post("/api/v1/ChargePoint/{identity:str}/{action:str}", opt=needs("commands:any"), status_code=200)
async def old_command(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    action: FromPath[str],
    data: JSONBody[dict[str, Any]],
) -> dict[str, Any]:
    """Send an action: the body is the payload, the reply the station's payload, or `error` with its code."""
    station = await stations.get(unit, identity)
    command = await commands.send(unit, station, action, data, by=principal)
    if command.status == "answered":
        return command.response or {}
    if command.status == "error":
        return {
            "error": True, "errorCode": command.error_code, "errorDescription": command.error_description,
            "errorDetails": command.error_details or {},
        }  # fmt: skip
    raise Unavailable("The station did not answer: {status}.", status=command.status)


@get("/api/v1/CentralSystem/ChargePointList", opt=needs("stations:read"))
async def charge_point_list(unit: NamedDependency[Unit]) -> list[dict[str, Any]]:
    """List stations by the old names of their members."""
    return [
        {
            "identity": station.identity,
            "address": presence.address,
            "connected": presence.is_online,
            "ocppVersion": presence.ocpp_version or station.ocpp_version,
            "bootNotification": {
                "chargePointVendor": station.vendor,
                "chargePointModel": station.model,
                "chargePointSerialNumber": station.serial_number,
                "firmwareVersion": station.firmware_version,
            },
            "statusNotification": [
                {
                    "connectorId": connector.evse_id,
                    "status": connector.status,
                    "errorCode": connector.error_code,
                    "timestamp": rfc3339(connector.updated_at),
                }
                for connector in connectors
            ],
        }
        for station, presence, connectors in await stations.listed(unit, MOST_LISTED)
    ]


@get("/api/v1/CentralSystem/TransactionList", opt=needs("transactions:read"))
async def transaction_list(unit: NamedDependency[Unit]) -> list[dict[str, Any]]:
    """List the newest transactions by the old names of their members."""
    found = await transactions.newest(unit, MOST_LISTED)
    names = await stations.identities(unit, (transaction.station_id for transaction in found))
    return [
        {
            "transactionId": transaction.wire_id,
            "identity": names.get(transaction.station_id),
            "connectorId": transaction.evse_id,
            "meterStart": transaction.meter_start_wh,
            "meterStop": None if transaction.is_open else transaction.meter_stop_wh,
            "startTime": None if transaction.started_at is None else rfc3339(transaction.started_at),
            "stopTime": None if transaction.stopped_at is None else rfc3339(transaction.stopped_at),
            "reason": transaction.stop_reason,
        }
        for transaction in found
    ]


HANDLERS = (server_time, old_command, charge_point_list, transaction_list)
