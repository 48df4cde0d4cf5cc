"""What happens to commands."""

from typing import ClassVar

import msgspec


class CommandFinished(msgspec.Struct, frozen=True):
    """A command came to its end."""

    kind: ClassVar[str] = "command.finished"
    station_id: int
    identity: str
    command_id: str
    action: str
    status: str
