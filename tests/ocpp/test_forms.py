from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import jsonschema
import pytest
from tests.ocpp.official import Type, all_types, as_json, fill, from_json, is_valid, mutations, payload_with, places

from ocpp_css.ocpp import v16, v201
from ocpp_css.ocpp.forms import example, form, schema_of

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
REQUESTS = [kind for kind in all_types() if not kind.is_response]


@pytest.mark.parametrize("kind", REQUESTS, ids=str)
def test_every_example_is_valid(kind: Type):
    payload = example(kind.action, NOON)
    assert is_valid(kind, payload)
    assert as_json(payload)
    kind.decode(payload)
    assert payload.keys() == set(kind.schema.get("required", []))


@pytest.mark.parametrize("kind", all_types(), ids=str)
def test_a_form_judges_as_the_published_schema_does(kind: Type):
    schema = from_json(as_json(schema_of(kind.kind)))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(fill(kind.schema, kind.schema, depth=9))
    for _, place in places(kind.schema):
        assert validator.is_valid(payload_with(kind.schema, place))
    root = next(iter(places(kind.schema)))[1]
    for mutation in mutations(kind.schema, root):
        assert validator.is_valid(mutation.payload) is not mutation.is_seen_by_schema


def test_a_form_is_named_and_shows_required_members_first():
    schema = form(v16.RESERVE_NOW)
    assert schema["title"] == "ReserveNow"
    assert schema["required"] == ["connectorId", "expiryDate", "idTag", "reservationId"]
    assert list(schema["properties"]) == [*schema["required"], "parentIdTag"]
    assert schema["properties"]["idTag"] == {"type": "string", "maxLength": 20}
    assert schema["properties"]["expiryDate"] == {"type": "string", "format": "date-time"}


def test_a_form_has_nested_types_enums_and_limits():
    schema = form(v16.SET_CHARGING_PROFILE)
    assert schema["properties"]["csChargingProfiles"] == {"$ref": "#/$defs/ChargingProfile"}
    period = schema["$defs"]["ChargingSchedulePeriod"]["properties"]
    assert period["limit"] == {"type": "number", "multipleOf": 0.1}
    assert schema["$defs"]["ChargingSchedule"]["properties"]["chargingRateUnit"]["enum"] == ["A", "W"]
    values = form(v201.GET_VARIABLES)["properties"]["getVariableData"]
    assert values["minItems"] == 1


def test_an_example_reads_like_a_real_one():
    assert example(v16.START_TRANSACTION, NOON.astimezone(timezone(timedelta(hours=2)))) == {
        "connectorId": 1,
        "idTag": "04A1B2C3",
        "meterStart": 0,
        "timestamp": "2024-05-06T12:00:00Z",
    }
    assert example(v16.RESET, NOON) == {"type": "Soft"}
    network: dict[str, Any] = example(v201.SET_NETWORK_PROFILE, NOON)["connectionData"]
    assert network["ocppTransport"] == "JSON"
