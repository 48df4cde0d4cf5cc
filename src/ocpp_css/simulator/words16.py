"""What a 1.6 station says."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import UNSET, UnsetType

from ocpp_css.ocpp import v16
from ocpp_css.ocpp.messages import Message
from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Ending, Machine
from ocpp_css.simulator.outbox import Letter
from ocpp_css.simulator.power import Value
from ocpp_css.simulator.tokens import Token, TokenInfo

UNKNOWN_TRANSACTION: Final = -1
"""Stands for the id of a transaction whose StartTransaction was never answered (1.6 errata 3.18)."""

_REASONS: Final = {
    "ImmediateReset": "HardReset",
    "Timeout": "Other",
    "StoppedByEV": "Local",
    "EnergyLimitReached": "Local",
    "DeAuthorized": "DeAuthorized",
}
_CONTEXTS: Final = {
    "MeterValuePeriodic": "Sample.Periodic",
    "MeterValueClock": "Sample.Clock",
    "Trigger": "Trigger",
}
_STATES: Final = {"Idle": "Preparing", "EVConnected": "Preparing"}


class Words16:
    """See `machine.Words`."""

    __slots__ = ("_machine",)

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def boot(self) -> Letter:
        """BootNotification."""
        options = self._machine.options
        request = v16.BootNotificationRequest(
            charge_point_vendor=options.vendor[:20],
            charge_point_model=options.model[:20],
            charge_point_serial_number=options.identity[:25],
            firmware_version=self._machine.firmware[:50],
            meter_type="Emulated",
        )
        return Letter("BootNotification", request, is_free=True)

    def heartbeat(self) -> Letter:
        """Heartbeat."""
        return Letter("Heartbeat", v16.HeartbeatRequest())

    def status_of(self, evse: Evse) -> v16.ChargePointStatus:
        """The state of a connector (1.6 4.9)."""
        if evse.fault is not None:
            return "Faulted"
        if not evse.is_operative:
            return "Unavailable"
        if evse.transaction is not None:
            return _STATES.get(evse.charging_state, evse.charging_state)  # type: ignore[return-value]
        if evse.is_plugged:
            return "Finishing" if evse.is_finishing else "Preparing"
        if evse.grant is not None:
            return "Preparing"
        is_reserved = any(known.evse == evse.number for known in self._machine.reservations.values())
        return "Reserved" if is_reserved else "Available"

    def status(self, evse: int, status: str) -> Letter:
        """StatusNotification; EVSE 0 is the station."""
        known = self._machine.evses.get(evse)
        fault = known.fault if known is not None and known.fault is not None else "NoError"
        request = v16.StatusNotificationRequest(
            connector_id=evse,
            error_code=fault,  # type: ignore[arg-type]
            status=status,  # type: ignore[arg-type]
            timestamp=self._machine.wall,
        )
        return Letter("StatusNotification", request)

    def station_status(self) -> str | None:
        """Connector 0 is Available, Unavailable or Faulted (1.6 4.9)."""
        evses = self._machine.evses.values()
        return "Available" if any(evse.is_operative for evse in evses) else "Unavailable"

    def authorize(self, token: Token) -> Letter:
        """Authorize."""
        return Letter("Authorize", v16.AuthorizeRequest(id_tag=token.text[:20]))

    def started(self, evse: Evse, trigger: str, values: list[Value]) -> Letter:  # noqa: ARG002 -- 1.6 tells less
        """StartTransaction; the answer gives the transaction its id."""
        transaction = evse.transaction
        assert transaction is not None
        assert transaction.token is not None
        request = v16.StartTransactionRequest(
            connector_id=evse.number,
            id_tag=transaction.token.text[:20],
            meter_start=int(transaction.meter_start_wh),
            timestamp=transaction.started_at,
            reservation_id=UNSET if transaction.reservation_id is None else transaction.reservation_id,
        )

        def done(answer: v16.StartTransactionResponse | None) -> None:
            transaction.key = UNKNOWN_TRANSACTION if answer is None else answer.transaction_id

        return Letter("StartTransaction", request, done, is_kept=True)

    def updated(self, evse: Evse, trigger: str, values: list[Value]) -> Letter | None:
        """MeterValues of a transaction; 1.6 tells states by StatusNotification."""
        if not values:
            return None
        return self.meter_values(evse, _CONTEXTS.get(trigger, "Other"), values)

    def meter_values(self, evse: Evse, context: str, values: list[Value]) -> Letter:
        """MeterValues, with the transaction's id as it is known when they go out."""
        transaction, at = evse.transaction, self._machine.wall
        samples = _samples(values, context)

        def build() -> Message:
            key: int | UnsetType = UNSET
            if transaction is not None:
                key = transaction.key if isinstance(transaction.key, int) else UNKNOWN_TRANSACTION
            value = v16.MeterValue(timestamp=at, sampled_value=samples)
            return v16.MeterValuesRequest(connector_id=evse.number, transaction_id=key, meter_value=[value])

        is_kept = transaction is not None
        return Letter("MeterValues", build, is_kept=is_kept, is_reading=is_kept)

    def stopped(self, evse: Evse, ending: Ending, values: list[Value]) -> Letter:
        """StopTransaction, with the values of begin and end as transactionData."""
        transaction = evse.transaction
        assert transaction is not None
        at, meter_stop = self._machine.wall, int(evse.meter.register_wh)
        reason = _REASONS.get(ending.reason, ending.reason)
        rows = _rows(transaction.begin_readings, at, values)

        def build() -> Message:
            return v16.StopTransactionRequest(
                id_tag=UNSET if ending.token is None else ending.token.text[:20],
                meter_stop=meter_stop,
                timestamp=at,
                transaction_id=transaction.key if isinstance(transaction.key, int) else UNKNOWN_TRANSACTION,
                reason=reason,  # type: ignore[arg-type]
                transaction_data=rows or UNSET,
            )

        return Letter("StopTransaction", build, is_kept=True)

    def token_info(self, answer: Any) -> TokenInfo | None:
        """The idTagInfo of an answer."""
        info = answer.id_tag_info
        return None if info is UNSET else token_info(info)

    def firmware_status(self, status: str, request_id: int | None) -> Letter:
        """FirmwareStatusNotification, the signed one where the request had an id."""
        if request_id is None:
            request = v16.FirmwareStatusNotificationRequest(status=status)  # type: ignore[arg-type]
            return Letter("FirmwareStatusNotification", request)
        signed = v16.SignedFirmwareStatusNotificationRequest(status=status, request_id=request_id)  # type: ignore[arg-type]
        return Letter("SignedFirmwareStatusNotification", signed)

    def log_status(self, status: str, request_id: int | None) -> Letter:
        """LogStatusNotification, or that of the older GetDiagnostics."""
        if request_id is None:
            word = {"UploadFailure": "UploadFailed"}.get(status, status)
            request = v16.DiagnosticsStatusNotificationRequest(status=word)  # type: ignore[arg-type]
            return Letter("DiagnosticsStatusNotification", request)
        log = v16.LogStatusNotificationRequest(status=status, request_id=request_id)  # type: ignore[arg-type]
        return Letter("LogStatusNotification", log)

    def reservation_over(self, reservation: int, status: str) -> Letter | None:  # noqa: ARG002
        """1.6 tells it by StatusNotification only."""
        return None

    def fault(self, evse: Evse, *, is_over: bool) -> Letter | None:  # noqa: ARG002
        """1.6 tells it by StatusNotification only."""
        return None

    def sign_certificate(self, csr: str) -> Letter:
        """SignCertificate."""
        return Letter("SignCertificate", v16.SignCertificateRequest(csr=csr))

    def security_event(self, kind: str) -> Letter:
        """SecurityEventNotification."""
        request = v16.SecurityEventNotificationRequest(type=kind, timestamp=self._machine.wall)
        return Letter("SecurityEventNotification", request)


def token_info(info: v16.IdTagInfo) -> TokenInfo:
    """An idTagInfo, version-neutral."""
    group = None if info.parent_id_tag is UNSET else info.parent_id_tag
    expires_at = None if info.expiry_date is UNSET else info.expiry_date
    return TokenInfo(info.status, group, expires_at)


def _samples(values: Iterable[Value], context: str) -> list[v16.SampledValue]:
    return [
        v16.SampledValue(
            value=_text(value.value),
            context=context,  # type: ignore[arg-type]
            measurand=value.measurand,  # type: ignore[arg-type]
            unit=value.unit,  # type: ignore[arg-type]
            phase=UNSET if value.phase is None else value.phase,  # type: ignore[arg-type]
        )
        for value in values
    ]


def _text(value: Decimal) -> str:
    return f"{value:f}"


def _rows(begin: object, at: datetime, values: list[Value]) -> list[v16.TransactionData]:
    rows = []
    if isinstance(begin, tuple) and begin[1]:
        rows.append(v16.TransactionData(timestamp=begin[0], sampled_value=_samples(begin[1], "Transaction.Begin")))
    if values:
        rows.append(v16.TransactionData(timestamp=at, sampled_value=_samples(values, "Transaction.End")))
    return rows
