"""Wire to model and back, in every version: the same meaning in the same words."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.dialects import v1x, v2x
from ocpp_css.model.metering import Reading
from ocpp_css.model.token import Authorization
from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.messages import encode

AT = "2026-02-03T04:05:06Z"
MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
ENERGY = "Energy.Active.Import.Register"


def values_16(*sampled: dict[str, Any]) -> Any:
    body = {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": list(sampled)}]}
    return v16.METER_VALUES.decode_request(msgspec.json.encode(body)).meter_value


def values_2x(*sampled: dict[str, Any], action: Any = v201.METER_VALUES) -> Any:
    body = {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": list(sampled)}]}
    return action.decode_request(msgspec.json.encode(body)).meter_value


CASES: list[tuple[dict[str, Any], dict[str, Any], tuple[str, Decimal, str]]] = [
    ({"value": "1500"}, {"value": 1500}, (ENERGY, Decimal(1500), "Wh")),
    ({"value": "1.5", "unit": "kWh"}, {"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}, (ENERGY, Decimal(1500), "Wh")),
    (
        {"value": "7.4", "unit": "kW", "measurand": "Power.Active.Import"},
        {"value": 7.4, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "kW"}},
        ("Power.Active.Import", Decimal(7400), "W"),
    ),
    (
        {"value": "7400", "measurand": "Power.Active.Import"},
        {"value": 74, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W", "multiplier": 2}},
        ("Power.Active.Import", Decimal(7400), "W"),
    ),
    (
        {"value": "55", "unit": "Percent", "measurand": "SoC"},
        {"value": 55, "measurand": "SoC", "unitOfMeasure": {"unit": "Percent"}},
        ("SoC", Decimal(55), "Percent"),
    ),
    (
        {"value": "230.1", "unit": "V", "measurand": "Voltage", "phase": "L1"},
        {"value": 230.1, "measurand": "Voltage", "phase": "L1", "unitOfMeasure": {"unit": "V"}},
        ("Voltage", Decimal("230.1"), "V"),
    ),
]


@pytest.mark.parametrize(("old", "new", "meaning"), CASES)
def test_a_sample_means_the_same_in_every_version(
    old: dict[str, Any], new: dict[str, Any], meaning: tuple[str, Decimal, str]
) -> None:
    found = [
        *v1x.samples(values_16(old)),
        *v2x.samples(values_2x(new)),
        *v2x.samples(values_2x(new, action=v21.METER_VALUES)),
    ]
    assert [(s.measurand, s.value, s.unit) for s in found] == [meaning] * 3
    assert {(s.at, s.phase, s.context) for s in found} == {(MOMENT, old.get("phase"), "Sample.Periodic")}


def test_a_reading_is_the_newest_of_the_whole_connector() -> None:
    old = [
        {"value": "100", "phase": "L1"},
        {"value": "1.25", "unit": "kWh"},
        {"value": "3.7", "unit": "kW", "measurand": "Power.Active.Import"},
        {"value": "41", "measurand": "SoC", "unit": "Percent"},
        {"value": "9", "measurand": "Voltage"},
    ]
    assert v1x.reading(values_16(*old)) == Reading(MOMENT, 1250, 3700, 41)
    new = [
        {"value": 100, "phase": "L1"},
        {"value": 1.25, "unitOfMeasure": {"unit": "kWh"}},
        {"value": 3.7, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "kW"}},
        {"value": 41, "measurand": "SoC"},
        {"value": 9, "measurand": "Voltage"},
    ]
    assert v2x.reading(values_2x(*new)) == Reading(MOMENT, 1250, 3700, 41)
    assert v1x.reading([]) == v2x.reading([]) == Reading()


@pytest.mark.trust("A42")
@given(st.text(max_size=40) | st.decimals().map(str), st.sampled_from(["Wh", "kWh", "kW", "Percent"]))
def test_no_text_of_a_meter_makes_reading_fail(text: str, unit: str) -> None:
    try:
        values = values_16({"value": text, "unit": unit}, {"value": text, "unit": unit, "measurand": "SoC"})
    except msgspec.DecodeError:
        return
    reading = v1x.reading(values)
    assert reading.energy_wh is None or abs(reading.energy_wh) <= 10**15
    for sample in v1x.samples(values):
        assert isinstance(sample.value, Decimal) or sample.value == text


@pytest.mark.trust("A42")
@given(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**31), 2**31 - 1), st.booleans()
)
def test_no_number_and_no_multiplier_make_reading_fail(number: float, multiplier: int, is_kilo: bool) -> None:
    unit = {"unit": "kWh" if is_kilo else "Wh", "multiplier": multiplier}
    values = values_2x({"value": number, "unitOfMeasure": unit})
    reading = v2x.reading(values)
    assert reading.energy_wh is None or abs(reading.energy_wh) <= 10**15
    assert len(list(v2x.samples(values))) == 1


@pytest.mark.parametrize("status", ["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_a_verdict_is_told_in_the_words_of_each_version(status: Any) -> None:
    verdict = Authorization(status, "GROUP", MOMENT, "de")
    old = msgspec.json.decode(encode(v1x.id_tag_info(verdict)))
    assert old == {"expiryDate": AT, "parentIdTag": "GROUP", "status": status}
    for made in (v2x.id_token_info_201(verdict), v2x.id_token_info_21(verdict)):
        new = msgspec.json.decode(encode(made))
        assert new == {
            "status": status,
            "cacheExpiryDateTime": AT,
            "groupIdToken": {"idToken": "GROUP", "type": "Central"},
            "language1": "de",
        }
    bare = Authorization(status)
    for made in (v1x.id_tag_info(bare), v2x.id_token_info_201(bare), v2x.id_token_info_21(bare)):
        assert msgspec.json.decode(encode(made)) == {"status": status}


@pytest.mark.parametrize(("length", "told"), [(20, True), (21, False), (255, False)])
def test_a_group_that_1_6_cannot_say_is_left_out(length: int, told: bool) -> None:
    verdict = Authorization("Accepted", "g" * length)
    info = v1x.id_tag_info(verdict)
    assert (info.parent_id_tag is not msgspec.UNSET) is told
    answer = v16.AuthorizeResponse(id_tag_info=info)
    assert v16.AUTHORIZE.decode_response(encode(answer)) == answer


@pytest.mark.parametrize("length", [1, 36, 37, 255])
def test_what_is_told_to_2_x_fits_its_schema(length: int) -> None:
    verdict = Authorization("Accepted", "g" * length, MOMENT, "de")
    info = v2x.id_token_info_201(verdict)
    assert (info.group_id_token is msgspec.UNSET) is (length > 36)
    old = v201.AuthorizeResponse(id_token_info=info)
    assert v201.AUTHORIZE.decode_response(encode(old)) == old
    new = v21.AuthorizeResponse(id_token_info=v2x.id_token_info_21(verdict))
    assert v21.AUTHORIZE.decode_response(encode(new)) == new


def test_a_station_describes_itself_in_every_version() -> None:
    old = v16.BOOT_NOTIFICATION.decode_request(
        b'{"chargePointVendor":"V","chargePointModel":"M","chargeBoxSerialNumber":"S","firmwareVersion":"1","iccid":"I","imsi":"J"}'
    )
    modem = {"iccid": "I", "imsi": "J"}
    body = {
        "reason": "PowerUp",
        "chargingStation": {
            "vendorName": "V",
            "model": "M",
            "serialNumber": "S",
            "firmwareVersion": "1",
            "modem": modem,
        },
    }
    for action in (v201.BOOT_NOTIFICATION, v21.BOOT_NOTIFICATION):
        request: Any = action.decode_request(msgspec.json.encode(body))
        new = v2x.boot(request.charging_station, request.reason)
        assert msgspec.structs.replace(new, reason=None) == v1x.boot(old)
    assert (new.vendor, new.serial_number, new.iccid, new.reason) == ("V", "S", "I", "PowerUp")


def test_connector_n_of_1_6_is_evse_n_and_connector_0_the_station() -> None:
    assert [v1x.place(number) for number in (0, 1, 7)] == [(0, 0), (1, 1), (7, 1)]
