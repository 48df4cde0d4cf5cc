"""Commands as people and programs are told of them."""

from datetime import datetime
from typing import Any

import msgspec

from ocpp_css.charging.commands.model import Command, CommandStatus
from ocpp_css.charging.commands.service.sending import plain
from ocpp_css.kit.ids import public
from ocpp_css.storage import Unit


class CommandShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command and its end."""

    command_id: str
    action: str
    payload: dict[str, Any]
    status: CommandStatus
    created_at: datetime
    created_by: str
    response: dict[str, Any] | None = None
    error_code: str | None = None
    error_description: str | None = None
    error_details: dict[str, Any] | None = None
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    finished_at: datetime | None = None
    latency_ms: float | None = None


async def shown(unit: Unit, command: Command) -> CommandShown:
    """The command with the id tokens in their places."""
    payload, response = await plain(unit, [command.payload, command.response])
    return CommandShown(
        command_id=public(command.id),
        action=command.action,
        payload=payload,
        status=command.status,
        created_at=command.created_at,
        created_by=command.created_by,
        response=response,
        error_code=command.error_code,
        error_description=command.error_description,
        error_details=command.error_details,
        expires_at=command.expires_at,
        sent_at=command.sent_at,
        finished_at=command.finished_at,
        latency_ms=None if command.latency_us is None else command.latency_us / 1000,
    )
