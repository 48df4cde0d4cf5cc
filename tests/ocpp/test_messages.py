from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ocpp.official import Type, all_types, as_json, fill, from_json, is_valid, payload_with, places

from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.messages import CustomData, encode, open_value

pytestmark = pytest.mark.requirement("CS-2")
TYPES = all_types()
NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=200)


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_every_type_is_read_and_written_without_change(kind: Type):
    for payload in payloads(kind):
        assert is_valid(kind, payload), payload
        assert from_json(encode(kind.decode(payload))) == payload


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_members_are_written_in_the_order_of_the_schema(kind: Type):
    for payload in (fill(kind.schema, kind.schema), fill(kind.schema, kind.schema, depth=9)):
        assert encode(kind.decode(payload)) == as_json(payload)


def payloads(kind: Type):
    root = kind.schema
    yield fill(root, root)
    yield fill(root, root, depth=9)
    for _, place in places(root):
        yield payload_with(root, place)


def test_there_is_a_type_for_every_schema():
    assert len(TYPES) == 78 + 128 + 181


def test_a_send_has_no_response():
    action = v21.NOTIFY_PERIODIC_EVENT_STREAM
    assert action.is_send
    assert action.response is None
    with pytest.raises(TypeError):
        action.decode_response(b"{}")
    assert [other.name for other in v21.ACTIONS.values() if other.is_send] == [action.name]


def test_absent_members_are_left_out_and_never_null():
    request = v16.StatusNotificationRequest(connector_id=1, error_code="NoError", status="Available")
    assert encode(request) == b'{"connectorId":1,"errorCode":"NoError","status":"Available"}'
    assert request.vendor_id is msgspec.UNSET


@pytest.mark.parametrize("raw", [b"8.1", b"8.10", b"0", b"-3", b"1e30", b"1E+2", b"123456789012345678901234567890.1"])
def test_a_limit_of_1_6_may_have_one_decimal_place(raw: bytes):
    period = decode_limit(raw).charging_schedule.charging_schedule_period[0]
    assert period.limit == Decimal(raw.decode())


@pytest.mark.parametrize(
    "raw", [b"8.15", b"0.01", b"1e-2", b"8.1000000000000000000000000000000001", b'"NaN"', b'"8.1"']
)
def test_a_limit_of_1_6_may_not_have_two(raw: bytes):
    with pytest.raises(msgspec.ValidationError):
        decode_limit(raw)


def decode_limit(raw: bytes):
    return v16.GET_COMPOSITE_SCHEDULE.decode_response(
        b'{"status":"Accepted","chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":'
        b'[{"startPeriod":0,"limit":' + raw + b"}]}}"
    )


@deterministic
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_keep_every_digit(value: Decimal):
    sample = v201.SampledValue(value=value)
    request = v201.MeterValuesRequest(evse_id=1, meter_value=[v201.MeterValue(sampled_value=[sample], timestamp=NOON)])
    if abs(value) > Decimal("1.7e308"):  # what no IEEE double can hold is refused
        with pytest.raises(msgspec.ValidationError, match="out of range"):
            v201.METER_VALUES.decode_request(encode(request))
    else:
        back = v201.METER_VALUES.decode_request(encode(request)).meter_value[0].sampled_value[0].value
        assert back.as_tuple() == value.as_tuple()


@deterministic
@given(st.integers(-(10**9), 10**9), st.integers(0, 12))
def test_tenths_are_checked_exactly(digits: int, places_: int):
    value = Decimal(digits).scaleb(-places_)
    is_multiple = digits * 10 % 10**places_ == 0
    try:
        v16.ChargingSchedulePeriod(start_period=0, limit=value)
    except ValueError:
        assert not is_multiple
    else:
        assert is_multiple


@deterministic
@given(st.datetimes(timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))))
def test_times_are_brought_to_utc(moment: datetime):
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        with pytest.raises(ValueError, match="RFC3339"):
            v16.HeartbeatResponse(current_time=moment)
        return
    response = v16.HeartbeatResponse(current_time=moment)
    assert response.current_time == expected
    assert response.current_time.tzinfo is UTC
    assert encode(response).endswith(b'Z"}')
    assert v16.HEARTBEAT.decode_response(encode(response)) == response


def test_custom_data_keeps_what_the_vendor_adds():
    raw = b'{"customData":{"vendorId":"org.example","more":{"a":[1,null,"x"]}}}'
    request = v201.HEARTBEAT.decode_request(raw)
    assert isinstance(request.custom_data, CustomData)
    assert request.custom_data["more"] == {"a": [1, None, "x"]}
    assert encode(request) == raw


def test_a_payload_may_be_a_view_or_a_raw_part_of_a_frame():
    raw = b'{"idTag":"04A1B2C3"}'
    expected = v16.AuthorizeRequest(id_tag="04A1B2C3")
    for payload in (raw, bytearray(raw), memoryview(raw), msgspec.Raw(raw)):
        assert v16.AUTHORIZE.decode_request(payload) == expected


def test_an_action_pairs_its_types():
    assert v16.HEARTBEAT.request is v16.HeartbeatRequest
    assert v16.HEARTBEAT.response is v16.HeartbeatResponse
    assert v16.ACTIONS["Heartbeat"] is v16.HEARTBEAT
    assert repr(v201.HEARTBEAT) == "<Action Heartbeat 2.0.1>"


@pytest.mark.parametrize("text", ["NaN", "-Infinity"])
def test_what_json_cannot_say_cannot_be_built(text: str):
    with pytest.raises(ValueError, match="Invalid decimal string"):
        v16.ChargingSchedulePeriod(start_period=0, limit=Decimal(text))


def test_a_range_of_decimals_holds_when_building_too():
    for charge in (Decimal(0), Decimal(100)):
        v21.BatteryData(evse_id=1, serial_number="1", soc=charge, soh=charge)
    for charge in (Decimal("-0.1"), Decimal("100.1")):
        with pytest.raises(ValueError, match="`soC`"):
            v21.BatteryData(evse_id=1, serial_number="1", soc=charge, soh=Decimal(1))


def test_the_hook_knows_open_objects_only():
    assert open_value(CustomData, {"vendorId": "a", "b": 1}) == {"vendorId": "a", "b": 1}
    with pytest.raises(NotImplementedError):
        open_value(set, [])
