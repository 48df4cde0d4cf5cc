from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.faults import READ_ERRORS, Fault, FaultKind, classify

pytestmark = pytest.mark.requirement("CS-2")


def fault_of(action: Any, raw: bytes) -> Fault:
    with pytest.raises(READ_ERRORS) as caught:
        action.decode_request(raw)
    return classify(caught.value)


@pytest.mark.parametrize(
    ("raw", "kind", "path"),
    [
        (b"{}", FaultKind.MISSING_MEMBER, "$.connectorId"),
        (b"[]", FaultKind.WRONG_TYPE, "$"),
        (b'"text"', FaultKind.WRONG_TYPE, "$"),
        (b"null", FaultKind.WRONG_TYPE, "$"),
        (b'{"connectorId":"1"}', FaultKind.WRONG_TYPE, "$.connectorId"),
        (b'{"connectorId":1e400}', FaultKind.BAD_PROPERTY, "$.connectorId"),
        (b'{"connectorId":1,"x":2}', FaultKind.UNKNOWN_MEMBER, "$.x"),
        (b'{"connectorId":1,"meterValue":[]}', FaultKind.ITEM_COUNT, "$.meterValue"),
        (b'{"connectorId":1,"meterValue":[{}]}', FaultKind.MISSING_MEMBER, "$.meterValue[0].timestamp"),
        (
            b'{"connectorId":1,"meterValue":[{"timestamp":"soon","sampledValue":[]}]}',
            FaultKind.BAD_PROPERTY,
            "$.meterValue[0].timestamp",
        ),
        (
            b'{"connectorId":1,"meterValue":[{"timestamp":"0001-01-01T00:00:00+05:00","sampledValue":[{"value":"1"}]}]}',
            FaultKind.BAD_PROPERTY,
            "$.meterValue[0].timestamp",
        ),
        (
            b'{"connectorId":1,"meterValue":[{"sampledValue":[{"value":"1","unit":"J - at `$.evil`\\n`"}]}]}',
            FaultKind.BAD_PROPERTY,
            "$.meterValue[0].sampledValue[0].unit",
        ),
    ],
)
def test_a_broken_meter_value_is_placed_and_named(raw: bytes, kind: FaultKind, path: str):
    fault = fault_of(v16.METER_VALUES, raw)
    assert (fault.kind, fault.path) == (kind, path)
    assert fault.detail


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"nul", b"{1:2}", b'{"idTag":"a",}', b'{"idTag":"a"} 1', b'{"idTag":NaN}', b'{"idTag":"\xff"}']
)
def test_what_is_no_json_is_malformed(raw: bytes):
    assert fault_of(v16.AUTHORIZE, raw).kind is FaultKind.MALFORMED_FRAME


def test_nesting_without_end_is_malformed():
    raw = b'{"vendorId":"a","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    fault = fault_of(v201.DATA_TRANSFER, raw)
    assert fault.kind is FaultKind.MALFORMED_FRAME
    assert len(fault.detail) < 200


@pytest.mark.parametrize(
    ("raw", "kind", "path"),
    [
        (b'{"customData":null}', FaultKind.WRONG_TYPE, "$.customData"),
        (b'{"customData":{}}', FaultKind.MISSING_MEMBER, "$.customData.vendorId"),
        (b'{"customData":{"vendorId":1}}', FaultKind.WRONG_TYPE, "$.customData.vendorId"),
        (b'{"customData":{"vendorId":"' + b"x" * 256 + b'"}}', FaultKind.BAD_PROPERTY, "$.customData.vendorId"),
    ],
)
def test_open_objects_are_checked_for_their_vendor(raw: bytes, kind: FaultKind, path: str):
    fault = fault_of(v201.HEARTBEAT, raw)
    assert (fault.kind, fault.path) == (kind, path)


def test_a_number_in_quotes_is_a_wrong_type():
    for number in (b'"12.5"', b'"abc"', b'"NaN"', b'"Infinity"'):
        raw = b'{"totalCost":' + number + b',"transactionId":"1"}'
        assert fault_of(v21.COST_UPDATED, raw) == Fault(
            FaultKind.WRONG_TYPE, "$.totalCost", "Expected `float`, got `str`"
        )


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        (int, b"1.5", FaultKind.WRONG_TYPE),
        (bool, b"1", FaultKind.WRONG_TYPE),
        (Literal["a", "b"], b"1", FaultKind.WRONG_TYPE),
        (Literal["a", "b"], b'"c"', FaultKind.BAD_PROPERTY),
        (Annotated[int, msgspec.Meta(ge=0)], b"-1", FaultKind.BAD_PROPERTY),
        (Annotated[int, msgspec.Meta(le=3)], b"4", FaultKind.BAD_PROPERTY),
        (Annotated[str, msgspec.Meta(max_length=1)], b'"ab"', FaultKind.BAD_PROPERTY),
        (Annotated[list[int], msgspec.Meta(min_length=1)], b"[]", FaultKind.ITEM_COUNT),
        (Annotated[list[int], msgspec.Meta(min_length=1, max_length=2)], b"[1,2,3]", FaultKind.ITEM_COUNT),
        (Annotated[str, msgspec.Meta(pattern="^a$")], b'"b"', FaultKind.BAD_PROPERTY),
        (Annotated[int, msgspec.Meta(multiple_of=2)], b"3", FaultKind.BAD_PROPERTY),
    ],
)
def test_every_constraint_msgspec_words_has_its_kind(kind: Any, raw: bytes, expected: FaultKind):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(raw, type=kind)
    assert classify(caught.value).kind is expected


def test_words_unknown_so_far_are_a_generic_fault():
    assert classify(msgspec.ValidationError("Something new - at `$.a`")) == Fault(
        FaultKind.GENERIC, "$.a", "Something new"
    )


def test_any_other_error_is_our_own_and_tells_nothing():
    assert classify(KeyError("secret")) == Fault(FaultKind.INTERNAL)


@settings(derandomize=True, database=None, deadline=None, max_examples=500)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: b'{"idTag":"' + text.encode() + b'"}'))
def test_whatever_comes_is_read_or_refused_with_a_kind(raw: bytes):
    assert refusal(raw) not in {FaultKind.INTERNAL, FaultKind.GENERIC}


def refusal(raw: bytes) -> FaultKind | None:
    try:
        v16.AUTHORIZE.decode_request(raw)
    except READ_ERRORS as error:
        return classify(error).kind
    return None
