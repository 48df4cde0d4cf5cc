"""The rules of the house, told by a test and not by a reviewer."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import grimp
import pytest
from sqlalchemy import Text
from tools.requirements_page import PAGE, page

from ocpp_css.assembly import find_areas
from ocpp_css.charging.commands.service.kinds import KINDS
from ocpp_css.edge.permissions import NEEDS
from ocpp_css.edge.principal import ANY
from ocpp_css.people.access.model import INCLUDED, PERMISSIONS
from ocpp_css.storage import METADATA, Document

SOURCE = Path(__file__).parents[2] / "src" / "ocpp_css"
GENERATED = ("ocpp/v16", "ocpp/v201", "ocpp/v21", "storage/migrations/versions")
AREA_FILES = {
    "__init__", "area", "actions", "api", "pages", "commands", "jobs", "service", "store", "events", "model", "errors",
    "ports",
}  # fmt: skip
BEFORE_A_TENANT_IS_KNOWN = {
    "charging/stations/store",
    "charging/commands/store",
    "edge/replies",
    "people/access/store",
    "people/audit/store",
    "storage/chains",
    "people/tenants/store",
    "storage/database",
    "gateway/presence",
}


def sources() -> Iterator[Path]:
    """Every hand-written module."""
    for path in sorted(SOURCE.rglob("*.py")):
        if not path.relative_to(SOURCE).as_posix().startswith(GENERATED):
            yield path


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [f"{path.relative_to(SOURCE)}:{node.name}" for path, node in functions() if lines_of(node) > 40]
    assert long == []


def test_the_median_function_is_short() -> None:
    assert median(lines_of(node) for _, node in functions()) <= 9


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [str(path.relative_to(SOURCE)) for path in sources() if path.read_text().count("\n") > 400]
    assert long == []


def test_an_area_uses_the_agreed_file_names() -> None:
    strangers = []
    for area in find_areas("ocpp_css"):
        folder = SOURCE / area.name
        names = {path.stem for path in folder.glob("*.py")}
        folders = {path.name for path in folder.iterdir() if path.is_dir()}
        names |= folders - {"__pycache__", "templates"}
        strangers += [f"{area.name}/{name}" for name in sorted(names - AREA_FILES)]
    assert strangers == []


def test_areas_use_one_another_through_front_doors_only() -> None:
    graph = grimp.build_graph("ocpp_css")
    areas = {"ocpp_css." + area.name.replace("/", ".") for area in find_areas("ocpp_css")}
    broken = []
    for importer in graph.modules:
        home = next((area for area in areas if importer == area or importer.startswith(area + ".")), None)
        if home is None:
            continue
        for imported in graph.find_modules_directly_imported_by(importer):
            other = next((area for area in areas if imported.startswith(area + ".")), None)
            if other is not None and other != home:
                broken.append(f"{importer} -> {imported}")
    assert broken == []


@pytest.mark.trust("P6")
@pytest.mark.requirement("USE-1")
def test_every_personal_column_is_claimed_by_an_area() -> None:
    claimed = {column for area in find_areas("ocpp_css") for data in area.personal_data for column in data.columns}
    personal = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if column.info.get("personal")
    }
    assert personal - claimed == set()


@pytest.mark.trust("P11")
@pytest.mark.requirement("SEC-1")
def test_every_personal_column_says_how_it_stands_in_the_database() -> None:
    for table in METADATA.tables.values():
        for column in table.columns:
            if column.info.get("personal"):
                said = [name for name in ("of", "clear", "marks") if column.info.get(name)]
                assert len(said) == 1, f"{table.name}.{column.name} says {said}: sealed, keyed hash, or clear and why?"
            if "of" in column.info:
                assert column.info["of"] in table.c, f"{table.name}.{column.name} is of nobody"
                assert isinstance(column.type, Text | Document), f"{table.name}.{column.name} cannot be sealed"


def test_every_table_carries_the_tenant_first_and_in_its_key() -> None:
    find_areas("ocpp_css")
    for table in METADATA.tables.values():
        assert next(iter(table.columns)).name == "tenant_id", table.name
        assert "tenant_id" in table.primary_key.columns, table.name


def test_every_table_belongs_to_an_area_or_to_a_floor_below() -> None:
    claimed = {table.name for area in find_areas("ocpp_css") for table in area.tables}
    shared = {
        "station_links",
        "facts",
        "counters",
        "pseudonyms",
        "station_seen",
        "station_refusals",
        "kept_replies",
        "nodes",
        "chains",
    }
    assert set(METADATA.tables) - claimed == shared


def test_every_permission_a_route_needs_is_explained() -> None:
    areas = find_areas("ocpp_css")
    explained = {name for area in areas for name in area.permissions}
    explained |= {f"{name.partition(':')[0]}:{ANY}" for name in explained}
    needed = set()
    for area in areas:
        for handler in area.routes:
            needed.add(getattr(handler, "opt", {}).get("needs") or "")
    assert needed - explained - {""} == set()


def test_every_permission_that_can_be_given_is_asked_for() -> None:
    """By a route, or by the kind of a command; what holds others stands for them."""
    asked = {handler.opt.get(NEEDS) for area in find_areas("ocpp_css") for handler in area.routes} | set(KINDS)
    assert set(PERMISSIONS) - set(INCLUDED) <= asked


def test_only_storage_commits_by_itself_and_only_named_stores_read_across_tenants() -> None:
    readers = set()
    for path in sources():
        name = path.relative_to(SOURCE).with_suffix("").as_posix()
        if "across_tenants(" in path.read_text() and not name.startswith(tuple(BEFORE_A_TENANT_IS_KNOWN)):
            readers.add(name)
    assert readers == set()


def test_nobody_filters_by_tenant_by_hand() -> None:
    by_hand = re.compile(r"\.c\.tenant_id\s*==")
    found = [
        path.relative_to(SOURCE).as_posix()
        for path in sources()
        if by_hand.search(path.read_text()) and not path.relative_to(SOURCE).as_posix().startswith("storage/")
    ]
    assert found == ["charging/stations/store/stations.py"], "the join of stations and connectors is the one exception"


def test_no_naive_time_is_made() -> None:
    naive = re.compile(r"datetime\.(utcnow\(|now\(\)|fromtimestamp\([^,)]*\))")
    assert [str(path) for path in sources() if naive.search(path.read_text())] == []


def test_the_page_of_requirements_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python tools/requirements_page.py"
