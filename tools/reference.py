"""Writes docs/reference/ and docs/security/personal-fields.md from the program itself; `--check` only compares."""

import ast
import asyncio
import inspect
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import msgspec
from cyclopts import App
from cyclopts.argument import Argument
from sqlalchemy import Column, Table

from ocpp_css.app import settings as settings_module
from ocpp_css.app.cli.main import app as program
from ocpp_css.app.running import running
from ocpp_css.app.settings import Settings
from ocpp_css.assembly import Area, find_areas
from ocpp_css.gateway import events as gateway_events
from ocpp_css.ocpp.messages import Action
from ocpp_css.ocpp.versions import BY_NAME
from ocpp_css.outreach.feed.api import EVENTS
from ocpp_css.people.access.model import ROLES
from ocpp_css.storage import METADATA

ROOT = Path(__file__).parent.parent
COMMAND = "python -m tools.reference"
_OWN_RULES = re.compile(r" \((RULES|TRUST|HOUSE|SPEED) [\w.]+\)")
MADE = f"Made by `{COMMAND}`; do not edit."
VERSIONS = ("1.6", "2.0.1", "2.1")

PLAIN_SETTINGS = {
    "data": "The directory of the database, if it is SQLite, and of the secret key.",
    "web_port": "Console, REST interface, health and metrics. 0: any free port.",
    "station_port": "Stations, without TLS. 0: any free port.",
    "station_tls_port": "Stations, with TLS; opened when `station_tls_cert` is set.",
    "station_tls_cert": "Certificate chain for stations, PEM.",
    "station_tls_key": "Its key, PEM; without it the key is in the file of the certificate.",
    "station_tls_client_ca": "Authorities whose client certificates are asked for from stations, PEM.",
    "web_tls_cert": "Certificate chain of the web port, PEM.",
    "web_tls_key": "Its key, PEM.",
    "public_url": "Where people reach the console; with `https://…` cookies are Secure.",
    "trusted_proxy": "Addresses or networks whose `X-Forwarded-For` counts; several are parted by spaces.",
    "no_migrate": "Refuse to start where the database would have to be upgraded.",
    "development": "For work on the program: templates are read anew.",
}
"""What settings say that have no docstring in the program."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(_cell(part) for part in row)} |" for row in rows]


def _cell(part: object) -> str:
    return " ".join(_OWN_RULES.sub("", str(part)).split()).replace("|", "\\|")


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", MADE, "", *lines]) + "\n"


# --- settings -----------------------------------------------------------------------------------------------------


def settings_page() -> str:
    """Every setting as option, environment variable and key, with its default and what it does."""
    told = PLAIN_SETTINGS | _docstrings(Settings)
    hints = get_type_hints(Settings)
    rows = [
        (
            f"`--{field.name.replace('_', '-')}`",
            f"`OCPP_CSS_{field.name.upper()}`",
            _type_name(hints[field.name]),
            "" if field.default in {None, MISSING, ()} else f"`{field.default}`",
            told.get(field.name, ""),
        )
        for field in fields(Settings)
        if field.name != "is_embedded_run"
    ]
    return _page(
        "Settings",
        [
            "Of `ocpp-css serve`. An option wins over its environment variable, the variable over `ocpp-css.toml` in",
            "the working directory, where the settings stand under `[serve]`: `web_port = 8080`.",
            "`ocpp-css config show` prints what options and variables make of them.",
            "",
            *table(["option", "variable", "type", "default", "what it does"], rows),
        ],
    )


def _docstrings(kind: type) -> dict[str, str]:
    """The texts that stand below the fields of a class."""
    tree = ast.parse(inspect.getsource(settings_module))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__)
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            found[field.target.id] = str(text.value.value)
    return found


def _type_name(hint: Any) -> str:
    text = getattr(hint, "__name__", str(hint)) if isinstance(hint, type) else str(hint)
    return text.replace("pathlib.", "").replace(" | None", "").replace("tuple[str, ...]", "list").lower()


# --- command line -------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Every command with its arguments."""
    lines = [
        "Exit codes: 0 done, 1 refused, 2 used wrongly. Every option is also an environment variable: `OCPP_CSS_`",
        "and its name in capitals. The settings of `serve` have [a page of their own](settings.md).",
    ]
    for path, command in _commands(program, ()):
        lines += ["", f"## `ocpp-css {' '.join(path)}`", "", _plain(command.help).partition(" Parameters ---")[0]]
        if path not in {("serve",), ("config", "show")}:
            rows = [
                _argument(argument)
                for argument in command.assemble_argument_collection(parse_docstring=True)
                if argument.show
            ]
            lines += ["", *table(["argument", "default", "what it is"], rows)] if rows else []
    return _page("Commands", lines)


def _commands(app: App, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], App]]:
    for name in sorted(name for name in app if not name.startswith("-")):
        command = app[name]
        if command.default_command is not None:
            yield (*path, name), command
        yield from _commands(command, (*path, name))


def _argument(argument: Argument) -> tuple[str, str, str]:
    info = argument.field_info
    is_positional = info.kind in {info.POSITIONAL_ONLY, info.POSITIONAL_OR_KEYWORD}
    name = argument.name.removeprefix("--").upper() if is_positional else argument.name
    is_empty = info.default in {None, "", (), inspect.Parameter.empty}
    default = "needed" if argument.required else "" if is_empty else f"`{info.default}`"
    return f"`{name}`", default, _plain(argument.parameter.help)


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


# --- REST ---------------------------------------------------------------------------------------------------------


def rest_page(document: Mapping[str, Any]) -> str:
    """Every operation of the OpenAPI document."""
    rows = [
        (f"`{method.upper()}`", f"`{path}`", *_told(operation))
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
    ]
    return _page(
        "REST",
        [
            "The running service describes itself at `/docs/` (to try) and `/docs/openapi.json` (for generators).",
            "How to use it: [REST interface](../how-to/api.md).",
            "",
            *table(["method", "path", "permission", "what it does"], rows),
        ],
    )


def _told(operation: Mapping[str, Any]) -> tuple[str, str]:
    text = operation.get("description") or operation.get("summary", "")
    needed = re.search(r"Needs `([^`]+)`\.", text)
    permission = f"`{needed[1]}`" if needed else "none" if operation.get("security") == [] else "any"
    return permission, _first_sentence(text)


async def openapi() -> dict[str, Any]:
    """The document as a running service gives it."""
    with tempfile.TemporaryDirectory() as folder:
        given = Settings(data=Path(folder), host="127.0.0.1", web_port=0, station_port=0)
        async with running(given) as service, httpx.AsyncClient() as client:
            answer = await client.get(f"{service.web_url}/docs/openapi.json")
            document: dict[str, Any] = answer.json()
            return document


# --- events, permissions, personal data ---------------------------------------------------------------------------


def events_page(areas: Sequence[Area]) -> str:
    """The events of the live stream with their members."""
    kinds = {kind.kind: kind for kind in _facts(areas)}
    rows = [(f"`{name}`", _members(kinds.get(name)), _first_sentence(_doc(kinds.get(name)))) for name in sorted(EVENTS)]
    return _page(
        "Events",
        [
            "Of `GET /api/v1/events/live` (server-sent events). Each has an id, `at` and `kind` beside the members",
            "below. `transaction.reading` is told as it comes and is not kept; the others are, and `Last-Event-ID`",
            "brings those that were missed.",
            "",
            *table(["event", "members", "what happened"], rows),
        ],
    )


def _facts(areas: Sequence[Area]) -> Iterator[Any]:
    modules = [gateway_events, *(sys.modules.get(f"ocpp_css.{area.name.replace('/', '.')}.events") for area in areas)]
    for module in modules:
        for value in vars(module).values() if module is not None else ():
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and hasattr(value, "kind"):
                yield value


def _members(kind: Any) -> str:
    if kind is None:
        return ""
    return ", ".join(f"`{name}`" for name in kind.__struct_fields__ if name != "station_id")


def _doc(kind: Any) -> str:
    return "A meter value of an open transaction." if kind is None else inspect.getdoc(kind) or ""


def permissions_page(areas: Sequence[Area]) -> str:
    """Every permission, and the roles that hold it."""
    told = {name: text for area in areas for name, text in area.permissions.items()}
    roles = [role for role in ROLES if role != "owner"]
    rows = [
        (f"`{name}`", told[name], *("yes" if name in ROLES[role] else "" for role in roles)) for name in sorted(told)
    ]
    return _page(
        "Permissions",
        [
            "A scope of an API key is a permission, `stations:*` for all of one kind, or `*`.",
            "An owner may do everything.",
            "",
            *table(["permission", "what it lets one do", *roles], rows),
        ],
    )


PERSONAL = (
    "From the manifests of the areas. A test fails when a column that is marked as personal is claimed by none, does",
    "not say how it stands in the database, or stands there otherwise. The time is what the manifest declares.",
    "",
    "- **Sealed**: AES-256-GCM with the key of one person, which is kept apart from the database and wrapped by a key",
    "  that is in neither. When the person's key is destroyed, nobody reads these values again, in any copy:",
    "  [keys of people](../how-to/keys-of-people.md).",
    "- **Keyed hash**: finds the whole value (an e-mail address to sign in with, letter case apart) and nothing like",
    "  it: no part of it, and no order. Who has the secret key can still try whether a value that they guess is in an",
    "  old copy, also after the person's key was destroyed.",
    "- **In the clear**: for the reason that is given. Rows whose owner is 0 (an API key, a failed sign-in, a letter",
    "  to somebody who has no account yet) are sealed for the installation, not for a person.",
)


def personal_page(areas: Sequence[Area]) -> str:
    """Every column that holds a person's data, why, and for how long."""
    claimed = {column: data for area in areas for data in area.personal_data for column in data.columns}
    marks = {f"{name}.{column.name}": column for name, of in METADATA.tables.items() for column in of.columns}
    rows = [
        (
            f"`{column}`",
            marks[column].info.get("personal", ""),
            _kept(marks[column]),
            data.purpose,
            data.basis,
            data.keep_for,
        )
        for column, data in sorted(claimed.items())
        if column in marks
    ]
    return _page(
        "Columns that hold a person's data",
        [
            *PERSONAL,
            "",
            *table(["column", "kind", "in the database", "purpose", "basis", "kept"], rows),
        ],
    )


def _kept(column: Column[Any]) -> str:
    """How a personal column stands in the database."""
    info = column.info
    if "of" in info:
        return f"sealed with the key of `{info['of']}`"
    return f"keyed hash of `{info['marks'][0]}`" if "marks" in info else f"in the clear: {info.get('clear', '?')}"


def tables_page(areas: Sequence[Area]) -> str:
    """Every table and its columns."""
    owners = {found.name: area.name for area in areas for found in area.tables}
    rows = [
        (f"`{name}`", owners.get(name, "storage, gateway"), _key(found), ", ".join(_columns(found)))
        for name, found in sorted(METADATA.tables.items())
    ]
    return _page(
        "Tables",
        [
            "All have `tenant_id`, the account, first and in their key (0: the service itself). Columns marked * hold",
            "a person's data: [why, and for how long](../security/personal-fields.md).",
            "",
            *table(["table", "area", "key", "other columns"], rows),
        ],
    )


def _key(found: Table) -> str:
    return ", ".join(f"`{name}`" for name in found.info["key"][1:])


def _columns(found: Table) -> Iterator[str]:
    for column in found.columns:
        if column.name not in found.info["key"]:
            yield f"`{column.name}`" + ("\\*" if column.info.get("personal") else "")


# --- actions ------------------------------------------------------------------------------------------------------


def actions_page(areas: Sequence[Area]) -> str:
    """What stations may send and what may be sent to them, version by version."""
    handled: dict[tuple[str, str], str] = {
        (route.action.version, route.action.name): area.name
        for area in areas
        for routes in area.actions
        for route in routes.routes
    }
    from_station = _names("csms")
    lines = [
        "## From a station",
        "",
        "The area that answers; `NotSupported` where none does yet: that error is the answer. An action that the",
        "version does not know is answered `NotImplemented`.",
        "",
        *table(["action", *VERSIONS], ((name, *_answers(name, handled)) for name in from_station)),
        "",
        "## To a station",
        "",
        "All of them, checked against the schema of the version before they go out: [commands](../how-to/commands.md).",
        "",
        *table(["action", *VERSIONS], ((name, *_sent(name)) for name in _names("station"))),
    ]
    return _page("Actions", lines)


def _names(other: str) -> list[str]:
    """The actions that come from anybody but `other`."""
    return sorted({a.name for p in BY_NAME.values() for a in p.actions.values() if a.origin != other})


def _found(version: str, name: str) -> Action[Any, Any] | None:
    return BY_NAME[version].actions.get(name)


def _answers(name: str, handled: Mapping[tuple[str, str], str]) -> list[str]:
    found = {version: _found(version, name) for version in VERSIONS}
    return [
        "" if action is None or action.origin == "csms" else handled.get((version, name), "`NotSupported`")
        for version, action in found.items()
    ]


def _sent(name: str) -> list[str]:
    found = [_found(version, name) for version in VERSIONS]
    return ["yes" if action is not None and action.origin != "station" else "" for action in found]


# --- all ----------------------------------------------------------------------------------------------------------


def pages() -> dict[str, str]:
    """All pages by their path."""
    areas = find_areas("ocpp_css")
    return {
        "docs/reference/settings.md": settings_page(),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/rest.md": rest_page(asyncio.run(openapi())),
        "docs/reference/events.md": events_page(areas),
        "docs/reference/permissions.md": permissions_page(areas),
        "docs/reference/tables.md": tables_page(areas),
        "docs/reference/actions.md": actions_page(areas),
        "docs/security/personal-fields.md": personal_page(areas),
    }


def outdated() -> list[str]:
    """The pages that are not as they should be."""
    return [
        path for path, text in pages().items() if not (ROOT / path).exists() or (ROOT / path).read_text("utf-8") != text
    ]


def main() -> int:
    """Write the pages, or with `--check` name those that are out of date; the exit code."""
    if "--check" in sys.argv[1:]:
        stale = outdated()
        sys.stdout.writelines(f"{path} is out of date; run: {COMMAND}\n" for path in stale)
        return 1 if stale else 0
    for path, text in pages().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
