"""Where reading differs from the published schemas, on purpose or because the schemas leave it open."""

import json
from datetime import UTC, datetime

import jsonschema
import msgspec
import pytest
from tests.ocpp.official import Type, is_valid

from ocpp_css.ocpp import v16, v201
from ocpp_css.ocpp.faults import FaultKind, classify
from ocpp_css.ocpp.messages import encode

pytestmark = pytest.mark.requirement("CS-2")


def clock(text: str) -> datetime:
    return v16.HEARTBEAT.decode_response(json.dumps({"currentTime": text}).encode()).current_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06 07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06t07:08:09z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09+02:00", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09+0200", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09.123456789Z", datetime(2024, 5, 6, 7, 8, 9, 123457, tzinfo=UTC)),
        ("2024-05-06T23:59:59.999999999Z", datetime(2024, 5, 7, tzinfo=UTC)),
    ],
)
def test_times_of_real_stations_are_read_as_utc(text: str, expected: datetime):
    moment = clock(text)
    assert moment == expected
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "now", "2024-05-06", "2024-13-06T07:08:09Z", "2024-05-06T07:08:60Z"])
def test_what_is_no_time_is_refused_although_a_validator_may_ignore_formats(text: str):
    kind = Type("1.6", v16.HEARTBEAT, is_response=True)
    assert is_valid(kind, {"currentTime": text})
    with pytest.raises(msgspec.ValidationError) as caught:
        clock(text)
    assert classify(caught.value).kind is FaultKind.BAD_PROPERTY


@pytest.mark.parametrize("number", [b"1.0", b"1e0", b"10E-1"])
def test_a_whole_float_is_an_integer_where_the_draft_says_so(number: bytes):
    raw_16, raw_201 = b'{"reservationId":' + number + b"}", b'{"reservationId":' + number + b"}"
    assert not judged(Type("1.6", v16.CANCEL_RESERVATION, is_response=False), raw_16)
    assert judged(Type("2.0.1", v201.CANCEL_RESERVATION, is_response=False), raw_201)
    with pytest.raises(msgspec.ValidationError, match="got `float`"):
        v16.CANCEL_RESERVATION.decode_request(raw_16)
    assert v201.CANCEL_RESERVATION.decode_request(raw_201) == v201.CancelReservationRequest(reservation_id=1)


def judged(kind: Type, raw: bytes) -> bool:
    schema = json.loads(json.dumps(kind.schema, default=float))
    return jsonschema.validators.validator_for(schema)(schema).is_valid(json.loads(raw))


def test_the_security_extension_of_1_6_is_of_the_newer_draft():
    newer = {action.name for action in v16.ACTIONS.values() if action.has_integral_floats}
    assert newer == {
        "CertificateSigned",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetInstalledCertificateIds",
        "GetLog",
        "InstallCertificate",
        "LogStatusNotification",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "SignedUpdateFirmware",
    }
    assert v16.GET_LOG.decode_request(
        b'{"log":{"remoteLocation":"a"},"logType":"SecurityLog","requestId":3.0}'
    ) == v16.GetLogRequest(log=v16.LogParameters(remote_location="a"), log_type="SecurityLog", request_id=3)


def test_whole_floats_leave_exact_numbers_beside_them_alone():
    raw = (
        b'{"evseId":1.0,"meterValue":[{"timestamp":"2024-05-06T07:08:09Z","sampledValue":'
        b'[{"value":0.12345678901234567890123}]}]}'
    )
    request = v201.METER_VALUES.decode_request(raw)
    assert request.evse_id == 1
    assert str(request.meter_value[0].sampled_value[0].value) == "0.12345678901234567890123"


@pytest.mark.parametrize(
    "number", [b"1.5", b"1e400", b"1e-400", b"1.0e99999999999999999999", b"99999999999999999999.0"]
)
def test_no_other_float_is_an_integer(number: bytes):
    with pytest.raises(msgspec.ValidationError):
        v201.CANCEL_RESERVATION.decode_request(b'{"reservationId":' + number + b"}")


def test_a_second_reading_refuses_what_no_decimal_holds():
    raw = b'{"reservationId":1.0,"customData":{"vendorId":"a","x":1e99999999999999999999}}'
    with pytest.raises(msgspec.ValidationError):
        v201.CANCEL_RESERVATION.decode_request(raw)


def test_hertz_is_a_unit_in_every_message_of_1_6():
    sample = {"value": "50", "measurand": "Frequency", "unit": "Hertz"}
    values = [{"timestamp": "2024-05-06T07:08:09Z", "sampledValue": [sample]}]
    stop = {"transactionId": 1, "timestamp": "2024-05-06T07:08:09Z", "meterStop": 1, "transactionData": values}
    assert not is_valid(Type("1.6", v16.STOP_TRANSACTION, is_response=False), stop)
    assert is_valid(Type("1.6", v16.METER_VALUES, is_response=False), {"connectorId": 1, "meterValue": values})
    request = v16.STOP_TRANSACTION.decode_request(json.dumps(stop).encode())
    assert json.loads(encode(request)) == stop


def test_a_number_beyond_any_double_is_refused():
    raw = b'{"totalCost":1e999,"transactionId":"1"}'
    assert is_valid(Type("2.0.1", v201.COST_UPDATED, is_response=False), {"totalCost": 10**999, "transactionId": "1"})
    with pytest.raises(msgspec.ValidationError, match="out of range"):
        v201.COST_UPDATED.decode_request(raw)


def test_of_a_repeated_member_the_last_counts():
    assert v16.AUTHORIZE.decode_request(b'{"idTag":"A","idTag":"B"}').id_tag == "B"
