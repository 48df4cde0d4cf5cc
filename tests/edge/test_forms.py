"""The form of a JSON schema."""

import re

import pytest

from ocpp_css.edge.assets import Assets
from ocpp_css.edge.forms import NotJson, faults_by_field, read_json
from ocpp_css.edge.pieces_page import EXAMPLE, SCHEMA
from ocpp_css.edge.rendering import environment
from ocpp_css.edge.schemas import label_of, tree, unit_of
from ocpp_css.kit.errors import Fault


@pytest.fixture(scope="module")
def draw():
    return environment([], Assets()).globals["schema_form"]


def test_required_fields_come_first_and_custom_data_last():
    assert [node.name for node in tree(SCHEMA).fields] == [
        "evseId",
        "chargingProfile",
        "note",
        "persistent",
        "customData",
    ]


def test_references_give_their_kinds():
    profile = next(node for node in tree(SCHEMA).fields if node.name == "chargingProfile")
    kinds = {node.name: node.kind for node in profile.fields}
    assert kinds == {
        "id": "integer",
        "stackLevel": "integer",
        "chargingProfilePurpose": "choice",
        "chargingSchedulePeriod": "array",
        "validFrom": "moment",
        "transactionId": "text",
    }


def test_an_array_has_its_least_rows_or_the_examples():
    def periods(example):
        profile = next(node for node in tree(SCHEMA, example).fields if node.name == "chargingProfile")
        return next(node for node in profile.fields if node.name == "chargingSchedulePeriod").rows()

    assert len(periods(None)) == 1
    assert [row.fields[1].value for row in periods(EXAMPLE)] == [16.5, 8.1]


def test_the_form_is_drawn_with_limits_units_and_example(draw):
    drawn = str(draw(SCHEMA, EXAMPLE))
    assert 'name="payload"' in drawn
    assert "&#34;stackLevel&#34;: 0" in drawn
    assert re.search(r'type="number" step="0\.1"[^>]*value="16\.5"', drawn)
    assert 'type="datetime-local"' in drawn
    assert "<option selected>TxDefaultProfile</option>" in drawn
    assert 'maxlength="36"' in drawn
    assert "0 stands for the whole station." in drawn
    assert "data-single" in drawn


def test_what_a_schema_says_cannot_become_markup(draw):
    schema = {"type": "object", "properties": {'"><script>': {"type": "string", "description": "<img onerror=x>"}}}
    drawn = str(draw(schema, {'"><script>': "</textarea><script>"}, errors=[Fault("$.x", "'\"><b>")]))
    assert "<script" not in drawn
    assert "<img" not in drawn
    assert "<b>" not in drawn


def test_a_schema_that_refers_to_itself_ends():
    schema = {
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
    }
    assert tree(schema).kind == "object"


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"type": ["string", "null"]}, "text"),
        ({"type": "string", "maxLength": 2500}, "long"),
        ({"type": "object"}, "json"),
        ({}, "json"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "json"),
        ({"type": "boolean"}, "boolean"),
        ({"allOf": [{"$ref": "#/definitions/E"}]}, "choice"),
    ],
)
def test_kinds_of_fields(schema, kind):
    root = {"type": "object", "properties": {"x": schema}, "definitions": {"E": {"type": "string", "enum": ["A"]}}}
    assert tree(root).fields[0].kind == kind


@pytest.mark.parametrize(
    ("name", "label", "unit"),
    [
        ("chargingProfileId", "Charging profile ID", ""),
        ("evseId", "EVSE ID", ""),
        ("startPeriod", "Start period", "s"),
        ("retryInterval", "Retry interval", "s"),
        ("meterStartWh", "Meter start wh", "Wh"),
        ("requestedEnergy", "Requested energy", "Wh"),
        ("customData", "Custom data", ""),
    ],
)
def test_names_become_labels_and_units(name, label, unit):
    assert label_of(name) == label
    assert unit_of(name) == unit


def test_json_of_a_form_is_read_or_refused_with_its_place():
    assert read_json('{"a": 1}') == {"a": 1}
    with pytest.raises(NotJson) as refused:
        read_json("{")
    assert refused.value.errors[0].path == "payload"


def test_faults_are_found_by_field():
    assert faults_by_field([Fault("$.name", "a"), Fault("name", "b")]) == {"name": "a"}
