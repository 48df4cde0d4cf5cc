"""The page about a new action is right: what it says is done, and a station gets the answer."""

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.docs.pages import files, lay_out
from tests.running import whole_service

import ocpp_css.charging
from ocpp_css.app import running as app_running
from ocpp_css.assembly import Area, find_areas
from ocpp_css.gateway.context import Context
from ocpp_css.ocpp.routing import Routes

pytestmark = pytest.mark.anyio
PAGE = "develop/add-an-action.md"
OWN = "charging/streams"


def without(area: Area, name: str) -> Area:
    """The area without its handler of an action, so that the example still works when the product has one."""
    if area.name == OWN:
        return area
    kept = []
    for routes in area.actions:
        fewer: Routes[Context] = Routes()
        fewer.routes = [route for route in routes.routes if route.action.name != name]
        kept.append(fewer)
    return dataclasses.replace(area, actions=kept)


@pytest.fixture
def area_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files of the page are part of the package for a while."""
    lay_out(PAGE, tmp_path)
    places: list[str] = ocpp_css.charging.__path__
    places.append(str(tmp_path / "src" / "ocpp_css" / "charging"))

    def found(root: str) -> Sequence[Area]:
        return [without(area, "OpenPeriodicEventStream") for area in find_areas(root)]

    monkeypatch.setattr(app_running, "find_areas", found)
    yield
    places.pop()
    for name in [name for name in sys.modules if name.startswith("ocpp_css.charging.streams")]:
        del sys.modules[name]
    vars(ocpp_css.charging).pop("streams", None)


@pytest.mark.usefixtures("area_of_the_page")
async def test_the_page_about_a_new_action_does_what_it_says(tmp_path: Path):
    names: dict[str, Any] = {}
    exec(files(PAGE)["tests/charging/streams/test_actions.py"], names)
    async with whole_service(tmp_path / "data") as service:
        await names["test_a_station_may_open_eight_streams"](service)
