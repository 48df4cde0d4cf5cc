"""Writes a new area that works: `make area NAME=commerce/vouchers`, then `make migration NAME="vouchers"`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = {
    "people": "Who may do what, and who did what.",
    "charging": "What stations do.",
    "commerce": "Money.",
    "community": "What people say to one another.",
    "outreach": "Tells people and other systems what happened.",
}
"""The floors that hold areas, from the lowest up, and what each says of itself."""

FILES = {
    "__init__.py": '''"""{Things}: …"""

from ocpp_css.{floor}.{things}.model import {Thing}

__all__ = ["{Thing}"]
''',
    "area.py": '''"""What {things} offer."""

from ocpp_css.assembly import Area
from ocpp_css.{floor}.{things} import api, store

AREA = Area(
    name="{floor}/{things}",
    tables=[store.{THINGS}],
    routes=api.HANDLERS,
    permissions={{"{things}:read": "See {things}", "{things}:write": "Add {things}"}},
)
''',
    "model.py": '''"""A {thing} as it is kept."""

from datetime import datetime

import msgspec


class {Thing}(msgspec.Struct, frozen=True, kw_only=True):
    """One {thing}; times are UTC."""

    {thing}_id: int
    name: str
    created_at: datetime
    version: int = 1
''',
    "errors.py": '''"""Refusals about {things}."""

from ocpp_css.kit.errors import Conflict


class {Thing}Exists(Conflict):
    """The name is taken."""

    code = "{thing}_exists"
    title = "The {thing} exists already"
    explanation = "This account has a {thing} with that name."
''',
    "events.py": '''"""What happens to {things}."""

from typing import ClassVar

import msgspec


class {Thing}Added(msgspec.Struct, frozen=True):
    """A {thing} is there."""

    kind: ClassVar[str] = "{thing}.added"
    {thing}_id: str

    @property
    def station_id(self) -> None:
        """It is about no station."""
        return
''',
    "store.py": '''"""The table of {things} and its queries."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Row, Text, select

from ocpp_css.{floor}.{things}.model import {Thing}
from ocpp_css.kit.paging import Cursor
from ocpp_css.storage import Unit, UtcTime, tenant_table, version_column

{THINGS} = tenant_table(
    "{things}",
    Column("{thing}_id", BigInteger),
    Column("name", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    version_column(),
    key=("{thing}_id",),
    unique=[("name",)],
)


async def named(unit: Unit, name: str) -> Row[Any] | None:
    """The {thing} of this name."""
    return await unit.first(select({THINGS}).where({THINGS}.c.name == name))


async def page(unit: Unit, *, after: Cursor | None, limit: int) -> Sequence[Row[Any]]:
    """{Things}, the newest first; one more than `limit`."""
    query = select({THINGS}).order_by({THINGS}.c.{thing}_id.desc()).limit(limit + 1)
    return await unit.all(query if after is None else query.where({THINGS}.c.{thing}_id < after.id))


def add(unit: Unit, {thing}: {Thing}) -> None:
    """A new {thing}; its name must be new to the account."""
    unit.require_absent({THINGS}, name={thing}.name)
    unit.insert({THINGS}, **msgspec.structs.asdict({thing}))
''',
    "service.py": '''"""The rules of {things}."""

from ocpp_css.{floor}.{things} import store
from ocpp_css.{floor}.{things}.errors import {Thing}Exists
from ocpp_css.{floor}.{things}.events import {Thing}Added
from ocpp_css.{floor}.{things}.model import {Thing}
from ocpp_css.kit.ids import public
from ocpp_css.storage import Unit


async def create(unit: Unit, name: str) -> {Thing}:
    """A new {thing}; {Thing}Exists where the name is taken."""
    if await store.named(unit, name) is not None:
        raise {Thing}Exists
    {thing} = {Thing}({thing}_id=unit.new_id(), name=name, created_at=unit.now)
    store.add(unit, {thing})
    unit.emit({Thing}Added(public({thing}.{thing}_id)))
    return {thing}
''',
    "api.py": '''"""{Things} over REST."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from msgspec import Meta

from ocpp_css.{floor}.{things} import service, store
from ocpp_css.edge import Principal, needs
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Page, page_of, page_request
from ocpp_css.people import audit
from ocpp_css.storage import Unit


class {Thing}Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A {thing} to add."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]


class {Thing}Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A {thing} as the interface tells it."""

    {thing}_id: str
    name: str
    created_at: datetime


def shown({thing}: Any) -> {Thing}Shown:
    """A value or a row as the interface tells it."""
    return {Thing}Shown(
        {thing}_id=public({thing}.{thing}_id),
        name={thing}.name,
        created_at={thing}.created_at,
    )


@get("/api/v1/{path}", opt=needs("{things}:read"))
async def list_{things}(
    unit: NamedDependency[Unit], limit: FromQuery[int | None] = None, cursor: FromQuery[str | None] = None
) -> Page[{Thing}Shown]:
    """List {things}, the newest first."""
    asked = page_request(limit, cursor, sorts=("-created_at",))
    rows = await store.page(unit, after=asked.after, limit=asked.limit)
    return page_of(rows, asked, lambda row: (None, row.{thing}_id)).map(shown)


@post("/api/v1/{path}", opt=needs("{things}:write"))
async def create_{thing}(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], data: JSONBody[{Thing}Given]
) -> {Thing}Shown:
    """Add a {thing}."""
    {thing} = await service.create(unit, data.name)
    audit.record(unit, principal, "{thing}.create", "{thing}", public({thing}.{thing}_id))
    return shown({thing})


HANDLERS = (list_{things}, create_{thing})
''',
}
"""The files of an area; names in braces are replaced."""

TEST = '''"""{Things} over REST, through a whole service."""

import httpx
import pytest

pytestmark = pytest.mark.anyio


async def test_a_{thing}_is_added_and_listed(api: httpx.AsyncClient):
    made = await api.post("/{path}", json={{"name": "first"}})
    assert made.status_code == 201, made.text
    assert (await api.get("/{path}")).json() == {{"items": [made.json()], "next_cursor": None}}


async def test_a_name_is_taken_once(api: httpx.AsyncClient):
    await api.post("/{path}", json={{"name": "first"}})
    again = await api.post("/{path}", json={{"name": "first"}})
    assert (again.status_code, again.json()["code"]) == (409, "{thing}_exists")
'''


def names_of(name: str) -> dict[str, str]:
    """The words of an area: ValueError where `name` is not `floor/things`, a known floor and a noun in plural."""
    floor, _, things = name.partition("/")
    if floor not in FLOORS or not re.fullmatch(r"[a-z]+(_[a-z]+)*s", things):
        raise ValueError(f"{name!r} is not FLOOR/NOUNS; floors: {', '.join(FLOORS)}; such as commerce/vouchers")
    thing = things.removesuffix("ies") + "y" if things.endswith("ies") else things.removesuffix("s")
    return {
        "floor": floor,
        "things": things,
        "thing": thing,
        "THINGS": things.upper(),
        "Thing": thing.title().replace("_", ""),
        "Things": things.capitalize().replace("_", " "),
        "path": things.replace("_", "-"),
    }


def write(root: Path, name: str) -> list[Path]:
    """Write the area below `root`; what was written. FileExistsError where it is there already."""
    names = names_of(name)
    folder = root / "src" / "ocpp_css" / names["floor"] / names["things"]
    if folder.exists():
        raise FileExistsError(f"{folder} is there already")
    written = _floor(root, names["floor"])
    for file, text in FILES.items():
        written.append(_file(folder / file, text.format(**names)))
    test = root / "tests" / names["floor"] / names["things"] / "test_api.py"
    return [*written, _file(test, TEST.format(**names))]


def _file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _floor(root: Path, floor: str) -> list[Path]:
    """The floor's package and its place in the contracts, where this is its first area."""
    package = root / "src" / "ocpp_css" / floor / "__init__.py"
    if package.exists():
        return []
    project = root / "pyproject.toml"
    text = project.read_text("utf-8")
    higher = list(FLOORS)[list(FLOORS).index(floor) + 1 :]
    above = next(name for name in higher if f'  "{name}",\n' in text)
    text = text.replace(f'  "{above}",\n', f'  "{above}",\n  "{floor}",\n', 1)
    text = text.replace('  "ocpp_css.people.*",\n', f'  "ocpp_css.people.*",\n  "ocpp_css.{floor}.*",\n', 1)
    text = text.replace('ancestors = ["ocpp_css.people",', f'ancestors = ["ocpp_css.people", "ocpp_css.{floor}",', 1)
    return [_file(package, f'"""{FLOORS[floor]}"""\n'), _file(project, text)]


def main(arguments: list[str]) -> int:
    """0 when the area is written, 2 when the name cannot be used."""
    try:
        written = write(ROOT, arguments[0] if arguments else "")
    except (ValueError, FileExistsError) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 2
    for path in written:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    sys.stdout.write('Next: make migration NAME="what is new", make check, and docs/develop/add-an-area.md\n')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
