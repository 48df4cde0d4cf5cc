"""Pages of what people and programs set, say and are told: settings, commands, REST, events, permissions."""

import ast
import inspect
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import msgspec
from cyclopts import App
from cyclopts.argument import Argument

from ocpp_css.app import settings as settings_module
from ocpp_css.app.cli.main import app as program
from ocpp_css.app.running import running
from ocpp_css.app.settings import Settings
from ocpp_css.assembly import Area
from ocpp_css.edge.docs_page import PROOF_TOLD
from ocpp_css.gateway import events as gateway_events
from ocpp_css.outreach.feed.api import EVENTS
from ocpp_css.people.access.model import ROLES
from tools.reference.writing import first_sentence, page, table

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
    return page(
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
    return page("Commands", lines)


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
    return page(
        "REST",
        [
            "The running service describes itself at `/docs/` (to try) and `/docs/openapi.json` (for generators).",
            "How to use it: [REST interface](../how-to/api.md). `proof`: a person, not a key, must have given their",
            "password within half an hour, else `proof_needed`.",
            "",
            *table(["method", "path", "permission", "what it does"], rows),
        ],
    )


def _told(operation: Mapping[str, Any]) -> tuple[str, str]:
    text = operation.get("description") or operation.get("summary", "")
    needed = re.search(r"Needs `([^`]+)`\.", text)
    permission = f"`{needed[1]}`" if needed else "none" if operation.get("security") == [] else "any"
    if PROOF_TOLD in text:
        permission += ", proof"
    return permission, first_sentence(text)


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
    rows = [(f"`{name}`", _members(kinds.get(name)), first_sentence(_doc(kinds.get(name)))) for name in sorted(EVENTS)]
    return page(
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
    return page(
        "Permissions",
        [
            "A scope of an API key is a permission, `stations:*` for all that begin so, or `*`.",
            "An owner may do everything. `commands:send` holds the permissions of all kinds of commands within it.",
            "A route that needs `commands:any` takes every command, and asks for that of its [kind](actions.md).",
            "",
            *table(["permission", "what it lets one do", *roles], rows),
        ],
    )
