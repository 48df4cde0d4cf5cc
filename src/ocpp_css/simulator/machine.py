"""The parts of one emulated station, and its clocks. The flows are in `charging`, `lifecycle` and the answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from ocpp_css.ocpp import versions
from ocpp_css.ocpp.messages import Version
from ocpp_css.simulator import keys16, variables2x
from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.link import Link, RequestHandler
from ocpp_css.simulator.outbox import Letter
from ocpp_css.simulator.power import Value
from ocpp_css.simulator.profiles import Profiles
from ocpp_css.simulator.settings import Settings
from ocpp_css.simulator.timers import Timers
from ocpp_css.simulator.tokens import Token, TokenInfo, Tokens

DC_FROM_W: Final = 44_000
"""Stronger EVSEs are DC."""

_SINGLE_PHASE_W: Final = 7_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What kind of station it is.

    `time_scale` makes charging and its pauses run faster, while time-stamps, heartbeats and time-outs stay real.
    `driver_delay_s` is how soon somebody plugs in after a remote start, None for never. `kept_frames` limits the record
    of messages, None keeps all. The same `seed` gives the same behaviour.
    """

    identity: str
    version: Version = "1.6"
    evses: int = 1
    power_w: int = 11_000
    time_scale: float = 1.0
    id_tokens: tuple[str, ...] = ("EMULATED-1",)
    vendor: str = "OCPP CSS"
    model: str = "Emulated"
    firmware: str = "1.0.0"
    seed: int | str | None = None
    call_timeout_s: float = 30.0
    driver_delay_s: float | None = 2.0
    boot_s: float = 5.0
    kept_frames: int | None = 1000
    reconnects: bool = True

    @property
    def is_dc(self) -> bool:
        """The EVSEs charge with direct current."""
        return self.power_w >= DC_FROM_W

    @property
    def phases(self) -> int:
        """Phases in use of the supply."""
        return 1 if self.power_w <= _SINGLE_PHASE_W else 3


class Ending(NamedTuple):
    """Why a transaction ends: reason and trigger in the words of 2.x, and of 1.6 where those say more."""

    reason: str
    trigger: str
    token: Token | None = None


class Words(Protocol):
    """The messages a station of one version begins, built from the state of its machine."""

    def boot(self) -> Letter:
        """BootNotification."""

    def heartbeat(self) -> Letter:
        """Heartbeat."""

    def status_of(self, evse: Evse) -> str:
        """The status of an EVSE in the words of the version."""

    def status(self, evse: int, status: str) -> Letter:
        """StatusNotification; EVSE 0 is the station itself."""

    def station_status(self) -> str | None:
        """The status of the station itself, None where the version has none."""

    def authorize(self, token: Token) -> Letter:
        """Authorize."""

    def started(self, evse: Evse, trigger: str, values: list[Value]) -> Letter:
        """The begin of a transaction; `values` is a reading of that moment."""

    def updated(self, evse: Evse, trigger: str, values: list[Value]) -> Letter | None:
        """News of a transaction; None where the version tells them otherwise."""

    def stopped(self, evse: Evse, ending: Ending, values: list[Value]) -> Letter:
        """The end of a transaction."""

    def meter_values(self, evse: Evse, context: str, values: list[Value]) -> Letter:
        """A reading outside of the messages of a transaction, `context` being a ReadingContext."""

    def token_info(self, answer: Any) -> TokenInfo | None:
        """What an answer says of the token that was sent; None where it says nothing."""

    def firmware_status(self, status: str, request_id: int | None) -> Letter:
        """How an update of the firmware goes on."""

    def log_status(self, status: str, request_id: int | None) -> Letter:
        """How an upload goes on."""

    def reservation_over(self, reservation: int, status: str) -> Letter | None:
        """A reservation expired or was removed; None where the version does not tell."""

    def fault(self, evse: Evse, *, is_over: bool) -> Letter | None:
        """A fault came or went, besides the status; None where the version does not tell."""

    def sign_certificate(self, csr: str) -> Letter:
        """SignCertificate."""

    def security_event(self, kind: str) -> Letter:
        """SecurityEventNotification."""


@dataclass(slots=True)
class Reservation:
    """A token's right to an EVSE (0: any) until `expires_s`."""

    number: int
    evse: int
    token: Token
    group: str | None
    expires_s: float


@dataclass(slots=True)
class Shelf:
    """What the central system stores on the station and the emulation only keeps."""

    certificates: dict[str, Any] = field(default_factory=dict)
    displays: dict[int, Any] = field(default_factory=dict)
    monitors: dict[int, Any] = field(default_factory=dict)
    networks: dict[int, Any] = field(default_factory=dict)
    tariffs: dict[int, Any] = field(default_factory=dict)
    der_controls: dict[str, Any] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)


class Machine:
    """See the module; `now` is set by `station` at every entry, in seconds since 1970, and never runs backward."""

    __slots__ = (
        "boot_reason", "clock_offset_s", "evses", "failures", "firmware", "firmware_status", "has_charged", "is_wanted",
        "link",
        "listeners", "log_status", "next_monitor", "now", "offline_since", "options", "password", "profiles",
        "ready_at", "registration", "reported", "reservations", "restarts_when_idle", "rng", "settings", "shelf",
        "timers", "tokens", "words",
    )  # fmt: skip

    words: Words

    def __init__(self, options: Options, handle: RequestHandler, *, password: bytes | None) -> None:
        protocol = versions.BY_NAME[options.version]
        self.options = options
        self.rng = Random(options.seed)  # noqa: S311 -- an emulation, reproducible on purpose
        self.timers = Timers()
        self.settings = _settings(options)
        self.link = Link(protocol, handle, self.rng, kept_frames=options.kept_frames)
        self.link.call_timeout_s = options.call_timeout_s
        self.tokens = Tokens()
        self.profiles = Profiles()
        self.evses = {number: Evse(number) for number in range(1, options.evses + 1)}
        self.reservations: dict[int, Reservation] = {}
        self.shelf = Shelf()
        self.password = password
        self.firmware = options.firmware
        self.now = 0.0
        self.clock_offset_s = 0.0
        self.registration: str | None = None
        self.boot_reason = "PowerUp"
        self.reported: str | None = None
        self.is_wanted = False
        self.has_charged = False
        self.failures = 0
        self.offline_since = 0.0
        self.ready_at = 0.0
        self.restarts_when_idle = False
        self.firmware_status = "Idle"
        self.log_status = "Idle"
        self.next_monitor = 1
        self.listeners: list[Callable[[], None]] = []
        for evse in self.evses.values():
            evse.meter.register_wh = float(self.rng.randrange(10_000, 900_000))

    @property
    def wall(self) -> datetime:
        """The station's clock, in whole seconds: 2.x recommends to omit fractions (2.0.1 part 2, 3.1)."""
        seconds = int(self.now + self.clock_offset_s)
        return datetime.fromtimestamp(seconds, UTC)

    def after(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` in so many real seconds."""
        self.timers.set(name, self.now + seconds, action)

    def after_scaled(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        """As `after`, in seconds of the emulated time."""
        self.timers.set(name, self.now + seconds / self.options.time_scale, action)

    def send(self, letter: Letter | None) -> None:
        """Queue a message; None is what this version does not say."""
        if letter is not None:
            self.link.post(letter)


def _settings(options: Options) -> Settings:
    if options.version == "1.6":
        return keys16.settings(options.evses)
    return variables2x.settings(options.evses, options.power_w, is_dc=options.is_dc)
