"""What a station of 2.0.1 and 2.1 says: the types of 2.0.1, whose JSON is the same in 2.1 for all that is said here."""

from typing import Any, Final

from msgspec import UNSET

from ocpp_css.ocpp import v201
from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Ending, Machine
from ocpp_css.simulator.outbox import Letter
from ocpp_css.simulator.power import Value
from ocpp_css.simulator.tokens import Token, TokenInfo

_REASONS: Final = {"HardReset": "ImmediateReset", "SoftReset": "ImmediateReset", "UnlockCommand": "Other"}
_CONTEXTS: Final = {
    "MeterValuePeriodic": "Sample.Periodic",
    "MeterValueClock": "Sample.Clock",
    "Trigger": "Trigger",
}


class Words2x:
    """See `machine.Words`."""

    __slots__ = ("_events", "_machine")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._events = 0

    def boot(self) -> Letter:
        """BootNotification."""
        options = self._machine.options
        station = v201.ChargingStation(
            model=options.model[:20],
            vendor_name=options.vendor[:50],
            serial_number=options.identity[:25],
            firmware_version=self._machine.firmware[:50],
        )
        reason = self._machine.boot_reason
        request = v201.BootNotificationRequest(charging_station=station, reason=reason)  # type: ignore[arg-type]
        return Letter("BootNotification", request, is_free=True)

    def heartbeat(self) -> Letter:
        """Heartbeat."""
        return Letter("Heartbeat", v201.HeartbeatRequest())

    def status_of(self, evse: Evse) -> v201.ConnectorStatus:
        """The state of the EVSE's connector (2.x G01)."""
        if evse.fault is not None:
            return "Faulted"
        if not evse.is_operative:
            return "Unavailable"
        if evse.is_plugged:
            return "Occupied"
        is_reserved = any(known.evse == evse.number for known in self._machine.reservations.values())
        return "Reserved" if is_reserved else "Available"

    def status(self, evse: int, status: str) -> Letter:
        """StatusNotification."""
        request = v201.StatusNotificationRequest(
            timestamp=self._machine.wall,
            connector_status=status,  # type: ignore[arg-type]
            evse_id=evse,
            connector_id=1,
        )
        return Letter("StatusNotification", request)

    def station_status(self) -> str | None:
        """2.x has none of the station."""
        return None

    def authorize(self, token: Token) -> Letter:
        """Authorize."""
        return Letter("Authorize", v201.AuthorizeRequest(id_token=id_token(token)))

    def started(self, evse: Evse, trigger: str, values: list[Value]) -> Letter:
        """TransactionEvent Started."""
        transaction = evse.transaction
        assert transaction is not None
        reservation = transaction.reservation_id
        request = v201.TransactionEventRequest(
            event_type="Started",
            timestamp=self._machine.wall,
            trigger_reason=trigger,  # type: ignore[arg-type]
            seq_no=transaction.next_sequence(),
            offline=self._offline(),
            number_of_phases_used=UNSET if self._machine.options.is_dc else self._machine.options.phases,
            reservation_id=UNSET if reservation is None else reservation,
            transaction_info=self._info(evse, ""),
            evse=v201.EVSE(id=evse.number, connector_id=1),
            id_token=UNSET if transaction.token is None else id_token(transaction.token),
            meter_value=self._meter_value(values, "Transaction.Begin") or UNSET,
        )
        return Letter("TransactionEvent", request, is_kept=True)

    def updated(self, evse: Evse, trigger: str, values: list[Value]) -> Letter | None:
        """TransactionEvent Updated."""
        transaction = evse.transaction
        assert transaction is not None
        names_token = trigger in {"Authorized", "RemoteStart", "StopAuthorized"} and transaction.token is not None
        request = v201.TransactionEventRequest(
            event_type="Updated",
            timestamp=self._machine.wall,
            trigger_reason=trigger,  # type: ignore[arg-type]
            seq_no=transaction.next_sequence(),
            offline=self._offline(),
            transaction_info=self._info(evse, evse.charging_state),
            evse=v201.EVSE(id=evse.number, connector_id=1),
            id_token=id_token(transaction.token) if names_token and transaction.token else UNSET,
            meter_value=self._meter_value(values, _CONTEXTS.get(trigger, "Other")) or UNSET,
        )
        return Letter("TransactionEvent", request, is_kept=True, is_reading=bool(values))

    def stopped(self, evse: Evse, ending: Ending, values: list[Value]) -> Letter:
        """TransactionEvent Ended, with the values of begin and end."""
        transaction = evse.transaction
        assert transaction is not None
        info = self._info(evse, transaction.state, _REASONS.get(ending.reason, ending.reason))
        request = v201.TransactionEventRequest(
            event_type="Ended",
            timestamp=self._machine.wall,
            trigger_reason=ending.trigger,  # type: ignore[arg-type]
            seq_no=transaction.next_sequence(),
            offline=self._offline(),
            transaction_info=info,
            evse=v201.EVSE(id=evse.number, connector_id=1),
            id_token=UNSET if ending.token is None else id_token(ending.token),
            meter_value=[
                *_begin_value(transaction.begin_readings),
                *self._meter_value(values, "Transaction.End"),
            ]
            or UNSET,
        )
        return Letter("TransactionEvent", request, is_kept=True)

    def meter_values(self, evse: Evse, context: str, values: list[Value]) -> Letter:
        """MeterValues: what belongs to a transaction is told by TransactionEvent (2.x J02)."""
        request = v201.MeterValuesRequest(evse_id=evse.number, meter_value=self._meter_value(values, context))
        return Letter("MeterValues", request)

    def token_info(self, answer: Any) -> TokenInfo | None:
        """The idTokenInfo of an answer."""
        info = answer.id_token_info
        return None if info is UNSET else token_info(info)

    def firmware_status(self, status: str, request_id: int | None) -> Letter:
        """FirmwareStatusNotification."""
        request = v201.FirmwareStatusNotificationRequest(
            status=status,  # type: ignore[arg-type]
            request_id=UNSET if request_id is None else request_id,
        )
        return Letter("FirmwareStatusNotification", request)

    def log_status(self, status: str, request_id: int | None) -> Letter:
        """LogStatusNotification."""
        request = v201.LogStatusNotificationRequest(
            status=status,  # type: ignore[arg-type]
            request_id=UNSET if request_id is None else request_id,
        )
        return Letter("LogStatusNotification", request)

    def reservation_over(self, reservation: int, status: str) -> Letter | None:
        """ReservationStatusUpdate."""
        request = v201.ReservationStatusUpdateRequest(
            reservation_id=reservation,
            reservation_update_status=status,  # type: ignore[arg-type]
        )
        return Letter("ReservationStatusUpdate", request)

    def fault(self, evse: Evse, *, is_over: bool) -> Letter | None:
        """NotifyEvent: the Problem of the EVSE, hard-wired (2.x N07)."""
        self._events += 1
        event = v201.EventData(
            event_id=self._events,
            timestamp=self._machine.wall,
            trigger="Alerting",
            actual_value="false" if is_over else "true",
            tech_code=(evse.fault or "")[:50] or UNSET,
            component=v201.Component(name="EVSE", evse=v201.EVSE(id=evse.number)),
            variable=v201.Variable(name="Problem"),
            event_notification_type="HardWiredNotification",
            cleared=is_over,
        )
        request = v201.NotifyEventRequest(generated_at=self._machine.wall, seq_no=0, event_data=[event])
        return Letter("NotifyEvent", request)

    def sign_certificate(self, csr: str) -> Letter:
        """SignCertificate."""
        request = v201.SignCertificateRequest(csr=csr, certificate_type="ChargingStationCertificate")
        return Letter("SignCertificate", request)

    def security_event(self, kind: str) -> Letter:
        """SecurityEventNotification."""
        request = v201.SecurityEventNotificationRequest(type=kind, timestamp=self._machine.wall)
        return Letter("SecurityEventNotification", request)

    # --- parts --------------------------------------------------------------------------------------------------

    def _offline(self) -> Any:
        """True when it happens while there is no connection (2.x E04.FR.03)."""
        return UNSET if self._machine.link.is_online else True

    def _info(self, evse: Evse, state: str, reason: str | None = None) -> v201.Transaction:
        transaction = evse.transaction
        assert transaction is not None
        return v201.Transaction(
            transaction_id=str(transaction.key),
            charging_state=state or transaction.state,  # type: ignore[arg-type]
            time_spent_charging=int(transaction.charging_s),
            stopped_reason=UNSET if reason is None else reason,  # type: ignore[arg-type]
            remote_start_id=UNSET if transaction.remote_start_id is None else transaction.remote_start_id,
        )

    def _meter_value(self, values: list[Value], context: str) -> list[v201.MeterValue]:
        return _meter_value(self._machine.wall, values, context)


def _begin_value(begin: object) -> list[v201.MeterValue]:
    return _meter_value(begin[0], begin[1], "Transaction.Begin") if isinstance(begin, tuple) else []


def _meter_value(at: Any, values: list[Value], context: str) -> list[v201.MeterValue]:
    if not values:
        return []
    samples = [_sample(value, context) for value in values]
    return [v201.MeterValue(timestamp=at, sampled_value=samples)]


def _sample(value: Value, context: str) -> v201.SampledValue:
    return v201.SampledValue(
        value=value.value,
        context=context,  # type: ignore[arg-type]
        measurand=value.measurand,  # type: ignore[arg-type]
        phase=UNSET if value.phase is None else value.phase,  # type: ignore[arg-type]
        unit_of_measure=v201.UnitOfMeasure(unit=value.unit),
    )


def id_token(token: Token) -> v201.IdToken:
    """A token as it is written in 2.x."""
    return v201.IdToken(id_token=token.text, type=token.kind)  # type: ignore[arg-type]


def token_info(info: v201.IdTokenInfo) -> TokenInfo:
    """An idTokenInfo, version-neutral."""
    group = None if info.group_id_token is UNSET else info.group_id_token.id_token
    expires_at = None if info.cache_expiry_date_time is UNSET else info.cache_expiry_date_time
    return TokenInfo(info.status, group, expires_at)
