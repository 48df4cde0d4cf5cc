"""The published schemas as an oracle: payloads made from them, valid and broken in one place, and their verdict."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

from ocpp_css.ocpp.actions import actions_of
from ocpp_css.ocpp.faults import FaultKind
from ocpp_css.ocpp.messages import Action, Version

VERSIONS: tuple[Version, ...] = ("1.6", "2.0.1", "2.1")
FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
MOMENT = "2024-05-06T07:08:09Z"
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Type:
    """One message type: an action's request or response, with its official schema."""

    version: Version
    action: Action[Any, Any]
    is_response: bool

    def __str__(self) -> str:
        return f"{self.version}-{self.action.name}-{'response' if self.is_response else 'request'}"

    @property
    def kind(self) -> Any:
        return self.action.response if self.is_response else self.action.request

    @property
    def schema(self) -> dict[str, Any]:
        folder = schema_folder(self.version)
        name = self.action.name
        request = f"{name}.json" if (folder / f"{name}.json").exists() else f"{name}Request.json"
        return schema_file(folder / (f"{name}Response.json" if self.is_response else request))

    def decode(self, payload: Any) -> Any:
        raw = payload if isinstance(payload, bytes) else as_json(payload)
        return self.action.decode_response(raw) if self.is_response else self.action.decode_request(raw)


def all_types() -> list[Type]:
    return [
        Type(version, action, is_response)
        for version in VERSIONS
        for action in actions_of(version).values()
        for is_response in (False, True)
        if not (is_response and action.is_send)
    ]


@cache
def schema_folder(version: Version) -> Path:
    spec = find_spec("ocpp")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / FOLDERS[version] / "schemas"


@cache
def schema_file(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)


def as_json(payload: Any) -> bytes:
    return msgspec.json.Encoder(decimal_format="number").encode(payload)


def from_json(raw: bytes) -> Any:
    return json.loads(raw, parse_float=Decimal)


def is_valid(kind: Type, payload: Any) -> bool:
    return _validator(str(kind), kind).is_valid(payload)


@cache
def _validator(_name: str, kind: Type) -> Any:
    return jsonschema.validators.validator_for(kind.schema)(kind.schema)


def resolve(root: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return root["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def fill(root: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Any:
    """A valid value; objects have all members down to `depth`, only the required ones below."""
    schema = resolve(root, schema)
    if "enum" in schema:
        return schema["enum"][-1]
    match schema.get("type"):
        case "object":
            members = schema.get("properties", {})
            wanted = members if depth > 0 else schema.get("required", [])
            return {name: fill(root, members[name], depth - 1) for name in members if name in wanted}
        case "array":
            count = schema.get("maxItems", 2) if depth > 0 else max(1, schema.get("minItems", 1))
            return [fill(root, schema["items"], max(0, depth)) for _ in range(min(count, 3))]
        case "string" if schema.get("format") == "date-time":
            return MOMENT
        case "string":
            return "é" * min(schema.get("maxLength", 12), 40)
        case "integer":
            return int(schema.get("maximum", schema.get("minimum", 7)))
        case "number":
            return Decimal("8.1") if "maximum" not in schema else Decimal(schema["maximum"])
        case "boolean":
            return True
        case _:
            return {"anything": [1, None]}


@dataclass(frozen=True)
class Place:
    """An object somewhere in a payload: the way to it and its schema."""

    path: Path_
    schema: dict[str, Any]


def places(root: dict[str, Any]) -> Iterator[tuple[str, Place]]:
    """Every object of a schema, nearest first, each with a name (its definition, or the way to it)."""
    queue: list[tuple[str, Place]] = [("", Place((), root))]
    seen = set()
    while queue:
        name, place = queue.pop(0)
        if name in seen:
            continue
        seen.add(name)
        yield name, place
        for member, whole in place.schema.get("properties", {}).items():
            inner = whole.get("items", whole)
            target = resolve(root, inner)
            if target.get("type") == "object":
                path = (*place.path, member, 0) if "items" in whole else (*place.path, member)
                queue.append((inner.get("$ref", f"{name}.{member}"), Place(path, target)))


def payload_with(root: dict[str, Any], place: Place) -> Any:
    """A payload that is as small as the schema allows but for the object at `place`, which has all its members."""
    payload = fill(root, root)
    schema, value, holder = root, payload, None
    for step in place.path:
        schema = resolve(root, schema)
        holder = value
        if isinstance(step, int):
            schema = schema["items"]
        else:
            schema = schema["properties"][step]
            value.setdefault(step, fill(root, schema))
        value = holder[step]
    full = fill(root, place.schema, depth=1)
    if holder is None:
        return full
    holder[place.path[-1]] = full
    return payload


@dataclass(frozen=True)
class Mutation:
    """A payload broken in one place, and what must be said of it."""

    payload: Any
    fault: FaultKind
    path: str
    is_seen_by_schema: bool = True


def mutations(root: dict[str, Any], place: Place) -> Iterator[Mutation]:
    """Every way to break one member of the object at `place`."""
    whole = payload_with(root, place)
    where = "$" + "".join("[0]" if isinstance(step, int) else f".{step}" for step in place.path)
    for member in place.schema.get("required", []):
        yield Mutation(_changed(whole, place.path, member), FaultKind.MISSING_MEMBER, f"{where}.{member}")
    if place.schema.get("additionalProperties") is False:
        added = _changed(whole, place.path, "unheardOf", 1)
        yield Mutation(added, FaultKind.UNKNOWN_MEMBER, f"{where}.unheardOf")
    for member, schema in place.schema.get("properties", {}).items():
        for value, fault, is_seen in broken(root, resolve(root, schema)):
            yield Mutation(_changed(whole, place.path, member, value), fault, f"{where}.{member}", is_seen)


def _changed(payload: Any, path: Path_, member: str, *value: Any) -> Any:
    copy = deepcopy(payload)
    target = copy
    for step in path:
        target = target[step]
    if value:
        target[member] = value[0]
    else:
        del target[member]
    return copy


def broken(root: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[Any, FaultKind, bool]]:
    """Values that `schema` forbids, the fault of each, and whether a validator without formats sees it."""
    kind = schema.get("type")
    if kind is None:
        return
    yield None, FaultKind.WRONG_TYPE, True
    yield from _wrong_types(kind)
    if "enum" in schema:
        yield "NoSuchValue", FaultKind.BAD_PROPERTY, True
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1), FaultKind.BAD_PROPERTY, True
    if schema.get("format") == "date-time":
        yield "yesterday", FaultKind.BAD_PROPERTY, False
    if "minimum" in schema:
        yield int(schema["minimum"]) - 1, FaultKind.BAD_PROPERTY, True
    if "maximum" in schema:
        yield int(schema["maximum"]) + 1, FaultKind.BAD_PROPERTY, True
    if "multipleOf" in schema:
        yield Decimal("8.15"), FaultKind.BAD_PROPERTY, True
    if "minItems" in schema:
        yield [], FaultKind.ITEM_COUNT, True
    if "maxItems" in schema:
        yield [fill(root, schema["items"])] * (schema["maxItems"] + 1), FaultKind.ITEM_COUNT, True


def _wrong_types(kind: str) -> Iterator[tuple[Any, FaultKind, bool]]:
    wrong = {
        "object": ["text", [1]],
        "array": ["text", {"a": 1}],
        "string": [12, {"a": 1}],
        "integer": ["12", Decimal("1.5"), True],
        "number": ["8.1", True],
        "boolean": ["true", 1],
    }
    for value in wrong[kind]:
        yield value, FaultKind.WRONG_TYPE, True
