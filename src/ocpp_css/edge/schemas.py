"""A JSON schema (2020-12 or draft-06) as a tree of fields that a form can draw."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ocpp_css.edge.i18n import gettext

Schema = Mapping[str, Any]
Kind = Literal["object", "array", "text", "long", "number", "integer", "boolean", "choice", "moment", "json"]
_DEEPEST = 12
_LONG_TEXT = 256
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SPELLED = {
    "id": "ID", "evse": "EVSE", "ocsp": "OCSP", "url": "URL", "uri": "URI", "soc": "SoC", "csr": "CSR", "ev": "EV",
    "crl": "CRL", "apn": "APN", "vpn": "VPN", "iso": "ISO", "pin": "PIN", "ssid": "SSID", "der": "DER", "pv": "PV",
}  # fmt: skip
_UNITS = (
    (re.compile(r"(interval|timeout|duration|startperiod|seconds|lifetime|ttl|waittime)$", re.IGNORECASE), "s"),
    (re.compile(r"(energy\w*|wh)$", re.IGNORECASE), "Wh"),
    (re.compile(r"(voltage|volt)$", re.IGNORECASE), "V"),
    (re.compile(r"(current|amps|ampere)$", re.IGNORECASE), "A"),
    (re.compile(r"(power|watt)$", re.IGNORECASE), "W"),
    (re.compile(r"(percentage|percent|soc)$", re.IGNORECASE), "%"),
    (re.compile(r"(frequency)$", re.IGNORECASE), "Hz"),
)


@dataclass(frozen=True, slots=True)
class Node:
    """One field of the form, or a group of them.

    `item` is the shape of an array's rows, `fields` those of an object, required ones first. `value` is the example's.
    """

    name: str
    kind: Kind
    label: str
    is_required: bool
    help: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: str = "any"
    max_length: int | None = None
    min_length: int | None = None
    pattern: str = ""
    fields: "tuple[Node, ...]" = ()
    item: "Node | None" = None
    min_items: int = 0
    max_items: int | None = None
    value: Any = None

    def rows(self) -> "list[Node]":
        """An array's rows as they stand at first: the example's, or as many empty ones as it needs."""
        if self.item is None:
            return []
        given = list(self.value) if isinstance(self.value, Sequence) and not isinstance(self.value, str) else []
        while len(given) < self.min_items:
            given.append(None)
        return [filled(self.item, value) for value in given]


def tree(schema: Schema, example: Any = None) -> Node:
    """The root of the form for `schema`, filled with `example`."""
    return filled(_Reader(schema).node("", schema, is_required=True, depth=0), example)


def filled(node: Node, value: Any) -> Node:
    """`node` with the example's value, and so on below."""
    fields = node.fields
    if node.kind == "object":
        given = value if isinstance(value, Mapping) else {}
        fields = tuple(filled(field, given.get(field.name)) for field in fields)
    return replace(node, value=value, fields=fields)


class _Reader:
    """Reads one schema document."""

    def __init__(self, root: Schema) -> None:
        self._root = root

    def node(self, name: str, schema: Schema, *, is_required: bool, depth: int) -> Node:
        schema = self._resolved(schema)
        kind = "json" if depth > _DEEPEST else self._kind(schema)
        words: dict[str, Any] = {"name": name, "kind": kind, "is_required": is_required, "label": label_of(name)}
        words["help"] = _help(schema)
        match kind:
            case "object":
                return Node(**words, fields=self._fields(schema, depth))
            case "array":
                item = self.node(name, schema.get("items", {}), is_required=True, depth=depth + 1)
                return Node(
                    **words, item=item, min_items=self._least(schema, is_required), max_items=schema.get("maxItems")
                )
            case _:
                return Node(**words, **_limits(name, schema, kind))

    def _fields(self, schema: Schema, depth: int) -> tuple[Node, ...]:
        required = set(schema.get("required", ()))
        found = [
            self.node(name, part, is_required=name in required, depth=depth + 1)
            for name, part in schema.get("properties", {}).items()
        ]
        return tuple(sorted(found, key=lambda node: (not node.is_required, node.name == "customData")))

    @staticmethod
    def _least(schema: Schema, is_required: bool) -> int:
        return int(schema.get("minItems", 0)) if is_required else 0

    def _resolved(self, schema: Schema) -> Schema:
        for _ in range(_DEEPEST):
            if "$ref" in schema:
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = {**self._pointed(schema["$ref"]), **rest}
            elif len(schema.get("allOf", ())) == 1:
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                schema = {**schema["allOf"][0], **rest}
            elif branch := _optional_branch(schema):
                schema = {**branch, **{key: schema[key] for key in ("title", "description") if key in schema}}
            else:
                return schema
        return schema

    def _pointed(self, reference: str) -> Schema:
        found: Any = self._root
        for part in reference.removeprefix("#").strip("/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return dict(found)

    @staticmethod
    def _kind(schema: Schema) -> Kind:  # noqa: PLR0911 - a table of types
        if "enum" in schema and all(isinstance(value, str) for value in schema["enum"]):
            return "choice"
        match _type(schema):
            case "object":
                return "object" if schema.get("properties") else "json"
            case "array":
                return "array"
            case "boolean":
                return "boolean"
            case "integer" | "number" as found:
                return found
            case "string" if schema.get("format") == "date-time":
                return "moment"
            case "string":
                return "long" if int(schema.get("maxLength", 0)) > _LONG_TEXT else "text"
            case _:
                return "json"


def _optional_branch(schema: Schema) -> Schema | None:
    """The one branch of `anyOf` or `oneOf` that is not null."""
    branches = [part for part in schema.get("anyOf", schema.get("oneOf", ())) if part.get("type") != "null"]
    return branches[0] if len(branches) == 1 else None


def _type(schema: Schema) -> str:
    found = schema.get("type", "object" if "properties" in schema else "")
    if isinstance(found, str):
        return found
    kept = [name for name in found if name != "null"]
    return kept[0] if len(kept) == 1 else ""


def _limits(name: str, schema: Schema, kind: Kind) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if kind == "choice":
        limits["choices"] = tuple(schema["enum"])
    if kind in {"integer", "number"}:
        limits.update(minimum=schema.get("minimum"), maximum=schema.get("maximum"), unit=unit_of(name))
        limits["step"] = str(schema.get("multipleOf", "1" if kind == "integer" else "any"))
    if kind in {"text", "long"}:
        limits.update(
            max_length=schema.get("maxLength"), min_length=schema.get("minLength"), pattern=schema.get("pattern", "")
        )
    return limits


def label_of(name: str) -> str:
    """`chargingProfileId` as `Charging profile ID`."""
    words = _WORD.findall(name)
    said = [_SPELLED.get(word.lower(), word if word.isupper() and len(word) > 1 else word.lower()) for word in words]
    text = " ".join(said)
    return text[:1].upper() + text[1:]


def unit_of(name: str) -> str:
    """The unit that a field's name tells, in OCPP's own units."""
    return next((unit for pattern, unit in _UNITS if pattern.search(name)), "")


def _help(schema: Schema) -> str:
    told = str(schema.get("description", "")).strip()
    if told:
        return told
    limits = []
    if "maxLength" in schema and "enum" not in schema:
        limits.append(gettext("up to {n} characters", n=schema["maxLength"]))
    if "minimum" in schema:
        limits.append(gettext("from {n}", n=schema["minimum"]))
    if "maximum" in schema:
        limits.append(gettext("to {n}", n=schema["maximum"]))
    return ", ".join(limits)
