"""What a request looks like, for whoever fills one in: a JSON schema of it, and a smallest valid example."""

import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from ocpp_css.ocpp.messages import Action, CustomData

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

JsonSchema = dict[str, Any]


def form(action: Action[Any, Any]) -> JsonSchema:
    """The JSON schema (draft 2020-12) of the request of `action`: required members first, nested types in `$defs`."""
    return schema_of(action.request, title=action.name)


def schema_of(kind: type[Struct], title: str | None = None) -> JsonSchema:
    """The JSON schema (draft 2020-12) of any message type."""
    definitions: dict[str, JsonSchema] = {}
    root = _object(kind, definitions)
    nested = {"$defs": dict(sorted(definitions.items()))} if definitions else {}
    return {"$schema": DRAFT, **root, "title": title or kind.__name__, **nested}


def example(action: Action[Any, Any], now: datetime) -> dict[str, Any]:
    """A smallest request of `action` that the schema allows: required members only, times from the aware `now`."""
    filled: dict[str, Any] = _example(action.request, "", now)
    return filled


def members_of(kind: type[Struct]) -> list[tuple[str, Any, bool]]:
    """Wire name, type and whether it is required, for each member: required ones first, else in the schema's order."""
    hints = get_type_hints(kind, include_extras=True)
    fields = msgspec.structs.fields(kind)
    rows = [(known.encode_name, _given(hints[known.name]), known.required) for known in fields]
    return sorted(rows, key=lambda row: not row[2])


def _given(hint: Any) -> Any:
    """The type of a member when it is there: an optional one without `UnsetType`."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint
    (given,) = [part for part in get_args(hint) if part is not msgspec.UnsetType]
    return given


def _object(kind: type[Struct], definitions: dict[str, JsonSchema]) -> JsonSchema:
    rows = members_of(kind)
    return {
        "title": kind.__name__,
        "type": "object",
        "properties": {name: _schema(hint, definitions) for name, hint, _ in rows},
        "required": [name for name, _, is_required in rows if is_required],
        "additionalProperties": False,
    }


def _schema(hint: Any, definitions: dict[str, JsonSchema]) -> JsonSchema:
    origin = get_origin(hint)
    if origin is Annotated:
        inner, meta = get_args(hint)
        return _schema(inner, definitions) | _limits(meta, is_list=get_origin(inner) is list)
    if origin is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if origin is list:
        return {"type": "array", "items": _schema(get_args(hint)[0], definitions)}
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _reference(hint, definitions)
    return dict(_PLAIN[hint])


def _reference(kind: type[Struct], definitions: dict[str, JsonSchema]) -> JsonSchema:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}
        definitions[kind.__name__] = _object(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _limits(meta: Meta, *, is_list: bool) -> JsonSchema:
    shortest, longest = ("minItems", "maxItems") if is_list else ("minLength", "maxLength")
    limits = {"minimum": meta.ge, "maximum": meta.le, shortest: meta.min_length, longest: meta.max_length}
    return {key: value for key, value in limits.items() if value is not None} | dict(meta.extra_json_schema or {})


_PLAIN: Final[Mapping[Any, JsonSchema]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    Any: {},
    CustomData: {
        "type": "object",
        "properties": {"vendorId": {"type": "string", "maxLength": 255}},
        "required": ["vendorId"],
    },
}


def _example(hint: Any, place: str, now: datetime) -> Any:
    """A value for `place`, which is `Type.member`."""
    origin, meta = get_origin(hint), Meta()
    if origin is Annotated:
        hint, meta = get_args(hint)
        origin = get_origin(hint)
    if origin is Literal:
        return next((value for value in get_args(hint) if value in _PREFERRED), get_args(hint)[0])
    if origin is list:
        return [_example(get_args(hint)[0], place, now)] * max(1, meta.min_length or 0)
    if issubclass(hint, Struct):
        rows = members_of(hint)
        return {name: _example(kind, f"{hint.__name__}.{name}", now) for name, kind, is_required in rows if is_required}
    return _FILL[hint](place, meta, now)


def _text(place: str, meta: Meta, _now: datetime) -> str:
    member = place.partition(".")[2]
    return _TEXTS.get(place, _TEXTS.get(member, member))[: meta.max_length]


def _integer(place: str, meta: Meta, _now: datetime) -> int:
    value = _NUMBERS.get(place.partition(".")[2], 1)
    low = value if meta.ge is None else max(value, int(meta.ge))
    return low if meta.le is None else min(low, int(meta.le))


def _decimal(place: str, meta: Meta, _now: datetime) -> int:
    value, limits = _NUMBERS.get(place.partition(".")[2], 1), meta.extra_json_schema or {}
    return int(min(max(value, limits.get("minimum", value)), limits.get("maximum", value)))


def _time(_place: str, _meta: Meta, now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_FILL: Final[Mapping[Any, Callable[[str, Meta, datetime], Any]]] = {
    str: _text,
    int: _integer,
    Decimal: _decimal,
    datetime: _time,
    bool: lambda _place, _meta, _now: True,
}
_NUMBERS: Final[Mapping[str, int]] = {
    "duration": 3600,
    "energyAmount": 10_000,
    "interval": 300,
    "limit": 16,
    "messageTimeout": 30,
    "meterStart": 0,
    "meterStop": 12_500,
    "seqNo": 0,
    "severity": 4,
    "soC": 80,
    "soH": 95,
    "stackLevel": 0,
    "startPeriod": 0,
    "timeout": 60,
    "totalCost": 12,
}
# Where an enum holds one of these, an example shows it, since its first value is an odd one to begin with.
_PREFERRED: Final = frozenset(
    {"Authorized", "JSON", "NoError", "OnIdle", "Operative", "PowerUp", "Soft", "Started", "TxDefaultProfile"}
)
_TEXTS: Final[Mapping[str, str]] = {
    "Component.name": "OCPPCommCtrlr",
    "SecurityEventNotificationRequest.type": "FirmwareUpdated",
    "Variable.name": "HeartbeatInterval",
    "actualValue": "42",
    "attributeValue": "300",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "certificateChain": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "signingCertificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----",
    "chargePointModel": "Wallbox 11",
    "chargePointVendor": "Example",
    "checksum": "d41d8cd98f00b204e9800998ecf8427e",
    "chargingLimitSource": "EMS",
    "content": "Welcome",
    "controlId": "control-1",
    "currency": "EUR",
    "exiRequest": "gJgC",
    "idTag": "04A1B2C3",
    "idToken": "04A1B2C3",
    "issuerKeyHash": "4a5e1c9b7d3f60820c1e4a5e1c9b7d3f",
    "issuerNameHash": "9b1d7c3e5f20486a8c0e9b1d7c3e5f20",
    "iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef",
    "key": "HeartbeatInterval",
    "location": "https://files.example.org/firmware.bin",
    "model": "Wallbox 11",
    "ocppCsmsUrl": "wss://csms.example.org/ocpp",
    "pspRef": "payment-1",
    "remoteLocation": "https://files.example.org/logs",
    "responderURL": "http://ocsp.example.org",
    "serialNumber": "1A2B3C",
    "signature": "MEUCIQDx",
    "tariffId": "tariff-1",
    "transactionId": "3f8e1c52-7a1d-4c55-9b1e-6f2d0a9c4b71",
    "type": "ISO14443",
    "urls": "http://ocsp.example.org",
    "v": "42",
    "value": "300",
    "vatNumber": "DE123456789",
    "vendorId": "org.example",
    "vendorName": "Example",
}
