import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ocpp.official import Type, all_types, as_json, fill

from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.faults import READ_ERRORS
from ocpp_css.ocpp.leniency import VIOLATION_LIMIT, Quirk, Violation, read_request, read_response

pytestmark = pytest.mark.requirement("CS-2")
ALL = frozenset(Quirk)
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def status(quirks: Any = ALL, **members: Any) -> tuple[v16.StatusNotificationRequest, tuple[Violation, ...]]:
    return read_request(v16.STATUS_NOTIFICATION, json.dumps(STATUS | members).encode(), quirks)


@pytest.mark.parametrize(
    ("quirk", "broken", "attribute", "expected"),
    [
        (Quirk.UNKNOWN_MEMBERS, {"voltage": 230}, "connector_id", 1),
        (Quirk.LONG_STRINGS, {"info": "x" * 60}, "info", "x" * 50),
        (Quirk.STRING_NUMBERS, {"connectorId": " 2 "}, "connector_id", 2),
        (Quirk.STRING_NUMBERS, {"vendorErrorCode": 17}, "vendor_error_code", "17"),
        (Quirk.STRING_NUMBERS, {"vendorErrorCode": 17.5}, "vendor_error_code", "17.5"),
        (Quirk.NULL_MEMBERS, {"info": None}, "info", msgspec.UNSET),
        (Quirk.ENUM_CASE, {"status": "AVAILABLE"}, "status", "Available"),
        (
            Quirk.LOOSE_TIMESTAMPS,
            {"timestamp": "2024-05-06 07:08"},
            "timestamp",
            datetime(2024, 5, 6, 7, 8, tzinfo=UTC),
        ),
    ],
)
def test_a_quirk_is_put_right_only_where_it_is_allowed(quirk: Quirk, broken: Any, attribute: str, expected: Any):
    request, violations = status({quirk}, **broken)
    assert getattr(request, attribute) == expected
    assert [(found.path, found.quirk) for found in violations] == [(f"$.{next(iter(broken))}", quirk)]
    with pytest.raises(msgspec.ValidationError):
        status(ALL - {quirk}, **broken)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06T07:08Z", datetime(2024, 5, 6, 7, 8, tzinfo=UTC)),
        ("2024-05-06 07:08:09,5 +02", datetime(2024, 5, 6, 5, 8, 9, 500_000, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (" 2024-05-06T07:08:09Z ", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09-0330", datetime(2024, 5, 6, 10, 38, 9, tzinfo=UTC)),
    ],
)
def test_loose_times_are_understood(text: str, expected: datetime):
    assert status(timestamp=text)[0].timestamp == expected


@pytest.mark.trust("A41")
@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5Z", "2017-01-01T02:59:60+03:00"])
def test_a_leap_second_is_read_for_every_station_and_noted(text: str):
    request, violations = status(frozenset(), timestamp=text)
    assert request.timestamp.replace(microsecond=0) == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert [(found.path, found.quirk) for found in violations] == [("$.timestamp", Quirk.LOOSE_TIMESTAMPS)]
    with pytest.raises(msgspec.ValidationError):
        status(frozenset(), timestamp=text.replace("T", " T"))


@pytest.mark.parametrize("text", ["", "2024-05-06", "06.05.2024 07:08", "2024-13-06T07:08", "2024-05-06T07:08:61Z"])
def test_what_means_no_time_stays_refused(text: str):
    with pytest.raises(msgspec.ValidationError, match="RFC3339"):
        status(timestamp=text)


def test_a_valid_payload_has_no_violations():
    assert status(set())[1] == ()
    assert status(timestamp="2024-05-06T07:08:09Z")[1] == ()


def test_an_id_token_is_never_cut():
    with pytest.raises(msgspec.ValidationError, match="length <= 20"):
        read_request(v16.AUTHORIZE, b'{"idTag":"' + b"A" * 21 + b'"}', ALL)
    nested = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "A" * 300, "type": "Central"}}}
    with pytest.raises(msgspec.ValidationError, match="of length"):
        read_response(v201.AUTHORIZE, as_json(nested), ALL)


def test_a_required_member_that_is_null_stays_missing():
    with pytest.raises(msgspec.ValidationError, match="got `null`"):
        status(errorCode=None)


def test_null_stays_where_the_schema_allows_anything():
    request, violations = read_request(v201.DATA_TRANSFER, b'{"vendorId":"a","data":null,"messageId":null}', ALL)
    assert request.data is None
    assert [found.path for found in violations] == ["$.messageId"]


def test_the_error_of_the_strict_reading_is_the_one_that_is_told():
    with pytest.raises(msgspec.ValidationError, match="Expected `int`, got `str`"):
        status(connectorId="1", status="NoSuchStatus")


def test_several_breaches_deep_inside_are_put_right_at_once():
    payload = {
        "evseId": "1",
        "extra": 1,
        "meterValue": [
            {
                "timestamp": "2024-05-06T07:08Z",
                "sampledValue": [{"value": "12.50", "context": "sample.periodic", "phase": None}],
            }
        ],
    }
    request, violations = read_request(v201.METER_VALUES, as_json(payload), ALL)
    sample = request.meter_value[0].sampled_value[0]
    assert (str(sample.value), sample.context, sample.phase) == ("12.50", "Sample.Periodic", msgspec.UNSET)
    assert {found.path for found in violations} == {
        "$.evseId",
        "$.extra",
        "$.meterValue[0].timestamp",
        "$.meterValue[0].sampledValue[0].value",
        "$.meterValue[0].sampledValue[0].context",
        "$.meterValue[0].sampledValue[0].phase",
    }


def test_exact_numbers_survive_a_repair():
    raw = b'{"totalCost":0.12345678901234567890123,"transactionId":"1","x":1}'
    request, _ = read_request(v21.COST_UPDATED, raw, ALL)
    assert str(request.total_cost) == "0.12345678901234567890123"


def test_a_payload_with_too_many_breaches_is_refused():
    extra = {f"x{number}": 1 for number in range(VIOLATION_LIMIT)}
    assert len(status(**extra)[1]) == VIOLATION_LIMIT
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        status(**extra, one_more=1)


@pytest.mark.parametrize("raw", [b"", b"{", b'{"idTag":"\xff"}', b"[]", b'{"idTag":1e99999999999999999999}'])
def test_what_no_quirk_explains_is_refused_as_before(raw: bytes):
    with pytest.raises(READ_ERRORS):
        read_request(v16.AUTHORIZE, raw, ALL)


def test_text_is_never_a_boolean():
    with pytest.raises(msgspec.ValidationError, match="Expected `bool`, got `str`"):
        read_request(v201.CUSTOMER_INFORMATION, b'{"requestId":1,"report":"true","clear":false}', ALL)


def test_endless_nesting_is_refused():
    raw = b'{"idTag":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(READ_ERRORS):
        read_request(v16.AUTHORIZE, raw, ALL)


def test_a_send_has_no_response_to_read():
    with pytest.raises(TypeError):
        read_response(v21.NOTIFY_PERIODIC_EVENT_STREAM, b"{}", ALL)


@pytest.mark.parametrize("kind", all_types(), ids=str)
def test_every_type_is_read_with_members_unknown_and_null(kind: Type):
    read = read_response if kind.is_response else read_request
    payload = fill(kind.schema, kind.schema)
    optional = kind.schema.get("properties", {}).keys() - payload.keys() - {"data"}
    strange = payload | dict.fromkeys(optional) | {"unheardOf": [1]}
    message, violations = read(kind.action, as_json(strange), ALL)
    assert message == kind.decode(payload)
    assert len(violations) == len(optional) + 1


@settings(derandomize=True, database=None, deadline=None, max_examples=400)
@given(
    st.dictionaries(
        st.sampled_from(["connectorId", "errorCode", "status", "info", "timestamp", "vendorId", "other"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.lists(st.integers()),
    )
)
def test_whatever_comes_is_read_or_refused(members: dict[str, Any]):
    try:
        _, violations = read_request(v16.STATUS_NOTIFICATION, msgspec.json.encode(STATUS | members), ALL)
    except READ_ERRORS:
        return
    assert all(found.path.startswith("$.") and found.detail for found in violations)


@pytest.mark.trust("A66")
@pytest.mark.parametrize("filling", [" ", "\t", "0", ".", "-"])
def test_a_time_of_a_mebibyte_is_refused_before_the_night_is_over(filling: str) -> None:
    with pytest.raises(READ_ERRORS):
        status(timestamp=f"2026-01-01T00:00{filling * (1 << 20)}x")
