"""Reads the schemas of one version into named definitions, all of one notation."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tools.generate_messages.tables import CALLED_BY_BOTH, CALLED_BY_STATION, NAMES_16, TOKEN_MEMBERS, WIDER_16

Schema = dict[str, Any]
FOLDERS: Final = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
_PROSE: Final = frozenset({"description", "javaType", "comment", "$schema", "$id", "id", "title", "default"})
_REF: Final = "#/definitions/"


@dataclass
class Call:
    """One action: its name and which files it came from."""

    name: str
    origin: str
    drafts: set[str] = field(default_factory=set)
    has_response: bool = False


@dataclass
class Catalogue:
    """All of one version: definitions by class name, messages among them, in the order to write."""

    version: str
    definitions: dict[str, Schema] = field(default_factory=dict)
    messages: dict[str, Schema] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)


def read(version: str) -> Catalogue:
    """The catalogue of `version`, from the schemas of the installed `ocpp` package."""
    catalogue = Catalogue(version)
    for path in sorted(schema_folder(version).glob("*.json")):
        _add_file(catalogue, path)
    _rename(catalogue)
    return catalogue


def schema_folder(version: str) -> Path:
    """Where the installed package keeps the schemas of `version`."""
    spec = find_spec("ocpp")
    if spec is None or spec.origin is None:
        raise SystemExit("the package `ocpp` is not installed: run `make setup`")
    return Path(spec.origin).parent / FOLDERS[version] / "schemas"


def _add_file(catalogue: Catalogue, path: Path) -> None:
    schema = json.loads(path.read_text("utf-8-sig"))
    stem = path.stem
    name = stem.removesuffix("Response").removesuffix("Request")
    call = catalogue.calls.setdefault(name, Call(name, _origin(catalogue.version, name)))
    call.drafts.add("4" if "draft-04" in schema["$schema"] else "6")
    call.has_response |= stem.endswith("Response")
    schema = without_prose(schema)
    names = NAMES_16 if catalogue.version == "1.6" else {}
    for key, definition in schema.pop("definitions", {}).items():
        _follow(names, definition)
        _define(catalogue, names.get(key, key), definition)
    _follow(names, schema)
    _hoist(catalogue, schema, stem)
    catalogue.messages[stem if stem.endswith("Response") else name + "Request"] = schema


def _origin(version: str, name: str) -> str:
    if name in CALLED_BY_BOTH:
        return "both"
    return "station" if name in CALLED_BY_STATION[version] else "csms"


def without_prose(value: Any) -> Any:
    """`value` without texts, defaults (which invent values) and names that code does not need."""
    if isinstance(value, list):
        return [without_prose(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without_prose(item) for key, item in value.items() if key not in _PROSE or isinstance(item, dict)}


def _define(catalogue: Catalogue, name: str, definition: Schema) -> None:
    if "enum" in definition:  # of objects only does it say something
        definition.pop("additionalProperties", None)
    known = catalogue.definitions.setdefault(name, definition)
    if known == definition:
        return
    if name not in WIDER_16:
        raise SystemExit(f"{catalogue.version}: two shapes of {name}")
    known["enum"] = max(known["enum"], definition["enum"], key=len)


def _follow(names: dict[str, str], schema: Schema) -> None:
    """Point references at the names of the table."""
    for _, member in members(schema):
        if "$ref" in member:
            target = member["$ref"].removeprefix(_REF)
            member["$ref"] = _REF + names.get(target, target)


def members(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The members of an object with what stands in them: of an array the items."""
    for name, member in schema.get("properties", {}).items():
        yield name, member.get("items", member)


def _hoist(catalogue: Catalogue, schema: Schema, path: str) -> None:
    """Give every enum and object that stands inside another its name, and leave a reference."""
    for name, member in members(schema):
        if "enum" not in member and member.get("type") != "object":
            continue
        _hoist(catalogue, member, f"{path}.{name}")
        title = _title(f"{path}.{name}")
        _define(catalogue, title, dict(member))
        member.clear()
        member["$ref"] = _REF + title


def _title(path: str) -> str:
    parts = path.split(".")
    for start in range(len(parts)):
        if title := NAMES_16.get(".".join(parts[start:])):
            return title
    raise SystemExit(f"no name for {path}: add it to NAMES_16")


def _rename(catalogue: Catalogue) -> None:
    """`StatusInfoType` is StatusInfo, `BootReasonEnumType` BootReason, but an enum yields to an object of its name."""
    short = {key: key.removesuffix("EnumType").removesuffix("Type") for key in catalogue.definitions}
    if catalogue.version == "1.6":  # names of the table are final: AvailabilityType is one
        short = {key: key if key in NAMES_16.values() else title for key, title in short.items()}
    titles = list(short.values()) + list(catalogue.messages)
    for key, title in short.items():
        if titles.count(title) > 1 and key.endswith("EnumType"):
            short[key] = title + "Enum"
    renamed = {short[key]: definition for key, definition in catalogue.definitions.items()}
    if len(renamed) != len(short):
        raise SystemExit(f"{catalogue.version}: definitions collide")
    catalogue.definitions = dict(sorted(renamed.items()))
    for schema in [*renamed.values(), *catalogue.messages.values()]:
        for _, member in members(schema):
            if "$ref" in member:
                member["$ref"] = short[member["$ref"].removeprefix(_REF)]


def token_paths(catalogue: Catalogue, schema: Schema, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where under `schema` an id token stands."""
    found: list[tuple[str, ...]] = []
    for name, whole in schema.get("properties", {}).items():
        here = (*before, name, "*") if whole.get("type") == "array" else (*before, name)
        member = whole.get("items", whole)
        if "$ref" in member:
            found += token_paths(catalogue, catalogue.definitions[member["$ref"]], here)
        elif name in TOKEN_MEMBERS:
            found.append(here)
    return found


def snake(name: str) -> str:
    """`evseId` is evse_id, `responderURL` responder_url, `targetSoC` target_soc, `limit_L2` limit_l2."""
    name = re.sub(r"[sS]o([CH])(?![a-z])", lambda found: "So" + found[1].lower(), name).replace("V2X", "V2x")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def constant(action: str) -> str:
    """`Get15118EVCertificate` is GET_15118_EV_CERTIFICATE."""
    return re.sub(r"(?<=[a-z])(?=\d)", "_", snake(action)).upper()
