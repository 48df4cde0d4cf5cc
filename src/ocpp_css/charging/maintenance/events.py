"""What happens in maintenance."""

from typing import ClassVar

import msgspec


class ProgressReported(msgspec.Struct, frozen=True):
    """A station told how a firmware update or an upload goes."""

    kind: ClassVar[str] = "maintenance.progress"
    station_id: int
    identity: str
    what: str
    status: str
    request_id: int | None
