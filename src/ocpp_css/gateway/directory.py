"""What the gateway must know of a station before it lets it in: a port, answered from memory."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ocpp_css.ocpp.leniency import Quirk

RegistrationStatus = Literal["Accepted", "Pending", "Rejected"]

DEFAULT_MESSAGE_BYTES = 1 << 20
NO_CREDENTIAL = ""
CERTIFICATE = "certificate"


@dataclass(slots=True, eq=False)
class StationEntry:
    """One station as its connections see it; the directory changes it in place, so they see the newest.

    `passwords` are keyed hashes of which any admits (RULES 1.3), empty for a station without a password; those of
    `next_passwords` were sent to the station, which has not used them yet (TRUST A20).
    `is_weak`: its password is short enough to be guessed.
    `is_accepted` is true once a BootNotification was answered Accepted and nobody took that back (RULES 2.1).
    """

    tenant: int
    station_id: int
    identity: str
    security_profile: int = 0
    passwords: tuple[str, ...] = ()
    next_passwords: tuple[str, ...] = ()
    serial_number: str | None = None
    versions: tuple[str, ...] = ()
    registration_status: RegistrationStatus = "Accepted"
    is_accepted: bool = False
    quirks: frozenset[Quirk] = frozenset()
    max_message_bytes: int = DEFAULT_MESSAGE_BYTES
    logs_heartbeats: bool = False
    heartbeat_interval_s: int = 300
    is_weak: bool = False
    limits: dict[str, int] = field(default_factory=dict)

    def admits(self, credential: str) -> bool:
        """Whether what a connection came in with still counts: a password's hash, `CERTIFICATE`, or nothing."""
        if credential in {NO_CREDENTIAL, CERTIFICATE}:
            return credential == CERTIFICATE or not self.passwords
        return credential in self.passwords or credential in self.next_passwords


class Directory(Protocol):
    """Filled by the stations area; every look-up is synchronous and from memory."""

    def find(self, identity: str, code: str | None) -> StationEntry | None:
        """The station of this address, or None: unknown identity or code."""
        ...

    def entry(self, tenant: int, station_id: int) -> StationEntry | None:
        """The station of this number."""
        ...

    def takes_unknown(self, code: str | None) -> int | None:
        """The tenant that holds unknown stations of this address as Pending, or None: refuse."""
        ...

    def enrol(self, tenant: int, identity: str) -> Awaitable[StationEntry]:
        """Keep an unknown station as Pending; the same entry when it was kept meanwhile."""
        ...

    def organizations(self, tenant: int) -> tuple[str, ...]:
        """What may stand as O in the certificates of this tenant's stations."""
        ...

    def proved(self, station: StationEntry, credential: str) -> Awaitable[None]:
        """The station came in with one of its next passwords: from now on that is the only one."""
        ...

    def hash_password(self, password: bytes) -> str:
        """The keyed hash that `StationEntry.passwords` holds."""
        ...
