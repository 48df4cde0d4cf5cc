"""Commands that go through the API of a running service: stations, tokens, commands."""

import json
import re
import sys
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Column, Table

Url = Annotated[str, Parameter(help="Where the service is.")]
Person = Annotated[str | None, Parameter(help="Whose it is: an e-mail address or user name of the account.")]
Key = Annotated[str, Parameter(help="An API key of the account (css_…).")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the answer as JSON.", negative="")]
_MEMBER = re.compile(r"\ballow_weak\b")
"""A member of the interface that is named in a refusal, and is an option here."""
LOCAL = "http://127.0.0.1:8080"
PATIENCE_S = 330
WIDE = 1000
"""Columns for what reads a table from a file or a pipe: nothing is wrapped there."""


class Refused(Exception):  # noqa: N818 - what happened, named as one says it
    """The service refused, or cannot be reached."""


class Api:
    """The REST interface of a running service."""

    def __init__(self, url: str, api_key: str) -> None:
        if not api_key:
            raise Refused(
                "An API key is needed: --api-key or OCPP_CSS_API_KEY; `ocpp-css admin create-api-key` makes one."
            )
        self._url = url.rstrip("/") + "/api/v1"
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer; Refused with the reason where there is none."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            with httpx.Client(base_url=self._url, headers=self._headers, timeout=PATIENCE_S) as client:
                answer = client.request(method, path, json=body, params=given)
        except httpx.HTTPError as fault:
            raise Refused(f"The service at {self._url} cannot be reached: {fault}") from None
        if answer.is_success:
            return answer.json() if answer.content else None
        raise Refused(_reason(answer))


def _reason(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}"
    faults = "".join(f"\n  {fault['path']}: {fault['message']}" for fault in problem.get("errors") or ())
    told = f"{problem.get('title', '')}: {problem.get('detail', '')} ({problem.get('code', '')}){faults}"
    return _MEMBER.sub(lambda found: "--" + found[0].replace("_", "-"), told)


def register(app: App) -> None:
    """Add the commands."""
    station = App(name="station", help="Stations of the account.")
    station.command(add_station, name="add")
    station.command(list_stations, name="list")
    station.command(show_station, name="show")
    station.command(remove_station, name="remove")
    station.command(set_password, name="set-password")
    token = App(name="token", help="Id tokens of the account.")
    token.command(add_token, name="add")
    token.command(list_tokens, name="list")
    token.command(show_token, name="show")
    token.command(block_token, name="block")
    token.command(remove_token, name="remove")
    for group in (station, token):
        app.command(group)
    app.command(send, name="command")


def send(
    station: str,
    action: str,
    payload: str = "{}",
    *,
    url: Url = LOCAL,
    api_key: Key = "",
    timeout_s: float = 30,
    queue: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Send an action to a station and print its answer; the payload is JSON as in the station's version."""
    try:
        given = json.loads(payload)
    except ValueError as fault:
        raise Refused(f"The payload is not JSON: {fault}") from None
    body = {"action": action, "payload": given, "timeout_s": timeout_s, "queue": queue}
    answer = Api(url, api_key).ask("POST", f"/stations/{quote(station, safe='')}/commands", body)
    show(answer)
    if answer["status"] not in {"answered", "queued"}:
        sys.exit(1)


def add_station(
    identity: str,
    *,
    name: str | None = None,
    password: str | None = None,
    allow_weak: Annotated[bool, Parameter(negative="")] = False,
    url: Url = LOCAL,
    api_key: Key = "",
) -> None:
    """Register a station."""
    body = {"identity": identity, "name": name, "password": password, "allow_weak": allow_weak}
    show(Api(url, api_key).ask("POST", "/stations", body))


def list_stations(
    *, search: str | None = None, limit: int = 50, url: Url = LOCAL, api_key: Key = "", as_json: AsJson = False
) -> None:
    """List stations."""
    page = Api(url, api_key).ask("GET", "/stations", limit=limit, search=search)
    columns = ("identity", "name", "online", "status", "version", "vendor", "model", "last_seen_at")
    show_list(page, columns, as_json=as_json)


def show_station(identity: str, *, url: Url = LOCAL, api_key: Key = "") -> None:
    """Show one station."""
    show(Api(url, api_key).ask("GET", f"/stations/{quote(identity, safe='')}"))


def remove_station(identity: str, *, url: Url = LOCAL, api_key: Key = "") -> None:
    """Take a station out; its history stays."""
    Api(url, api_key).ask("DELETE", f"/stations/{quote(identity, safe='')}")


def set_password(
    identity: str,
    *,
    password: str,
    allow_weak: Annotated[bool, Parameter(negative="")] = False,
    url: Url = LOCAL,
    api_key: Key = "",
) -> None:
    """Set the password that the service accepts from a station."""
    body = {"password": password, "allow_weak": allow_weak}
    Api(url, api_key).ask("PUT", f"/stations/{quote(identity, safe='')}/password", body)


def add_token(
    id_token: str,
    *,
    type: str = "ISO14443",  # noqa: A002 - the interface's word
    status: str = "Accepted",
    group_id: str | None = None,
    max_concurrent: int | None = None,
    person: Person = None,
    url: Url = LOCAL,
    api_key: Key = "",
) -> None:
    """Add a token."""
    body = {
        "id_token": id_token, "type": type, "status": status, "group_id": group_id,
        "max_concurrent": max_concurrent, "person": person,
    }  # fmt: skip
    show(Api(url, api_key).ask("POST", "/tokens", body))


def list_tokens(
    *, search: str | None = None, limit: int = 50, url: Url = LOCAL, api_key: Key = "", as_json: AsJson = False
) -> None:
    """List tokens."""
    page = Api(url, api_key).ask("GET", "/tokens", limit=limit, search=search)
    show_list(page, ("id_token", "type", "status", "group_id", "expires_at", "note"), as_json=as_json)


def show_token(id_token: str, *, url: Url = LOCAL, api_key: Key = "") -> None:
    """Show one token."""
    show(Api(url, api_key).ask("GET", f"/tokens/{quote(id_token, safe='')}"))


def block_token(id_token: str, *, url: Url = LOCAL, api_key: Key = "") -> None:
    """Block a token; it counts at once."""
    show(Api(url, api_key).ask("PATCH", f"/tokens/{quote(id_token, safe='')}", {"status": "Blocked"}))


def remove_token(id_token: str, *, url: Url = LOCAL, api_key: Key = "") -> None:
    """Take a token out; what it charged is kept."""
    Api(url, api_key).ask("DELETE", f"/tokens/{quote(id_token, safe='')}")


def show(answer: Any) -> None:
    """The answer as JSON, for eyes and programs."""
    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")


def show_list(page: dict[str, Any], columns: tuple[str, ...], *, as_json: bool) -> None:
    """A page as a table."""
    if as_json:
        show(page)
        return
    table = Table(*(Column(name, overflow="fold", no_wrap=name == columns[0]) for name in columns))
    for item in page["items"]:
        table.add_row(*("" if item[name] is None else str(item[name]) for name in columns))
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
    if page["next_cursor"]:
        sys.stdout.write("There are more; raise --limit.\n")
