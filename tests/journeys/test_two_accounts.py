"""An account is a wall for every route there is: the application itself says which those are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.isolation import KEPT, PROBED_ALWAYS, belongings, callers, member, probed, routes_of, signed_in
from tests.running import Wire, api_of, default_account, now, station, until
from tests.strangers import absent, ask, told

from ocpp_css.app.running import Service
from ocpp_css.kit.ids import parse_public
from ocpp_css.people.access.commands import create_account

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-10")]


async def test_every_route_says_whom_it_is_for_and_names_things_that_are_probed(service: Service) -> None:
    """A route whose path has a place that the probes do not know fails here (TRUST A48)."""
    for route in routes_of(service.web):
        assert route.permission is not None or not route.names_things, f"{route.path} is public and names a thing"
        assert set(route.places) <= PROBED_ALWAYS, f"{route.path}: add what stands in its place to tests/isolation.py"


@pytest.mark.trust("A48")
async def test_what_belongs_to_another_is_told_like_what_does_not_exist(service: Service) -> None:
    await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    async with await api_of(service) as ours, await api_of(service, "Other") as theirs:
        names = (await belongings(service, ours)).names
        nobodys = absent(names)
        for route in (one for one in routes_of(service.web) if one.names_things and one.permission):
            answers = [await ask(theirs, service.web_url, route, given) for given in (names, nobodys)]
            assert answers[0].status_code == answers[1].status_code, (route, answers[0].text, answers[1].text)
            assert answers[0].status_code in {404, 403, 401, 422, 303}, (route, answers[0].text)
            if route.path.startswith("/api/"):
                assert answers[0].status_code == 404, (route, answers[0].text)
                assert told(answers[0], names) == told(answers[1], nobodys), route


@pytest.mark.trust("A48")
@pytest.mark.trust("R19")
async def test_nothing_of_another_account_comes_through_any_route(service: Service) -> None:
    """A sample; the whole campaign is in tests/torture/test_isolation.py."""
    campaign = await probed(service, 300, roles=("owner", "driver", "key of *"))
    assert campaign.leaks == []


async def test_a_driver_and_somebody_of_no_account_see_nothing_of_the_console(service: Service) -> None:
    for caller in await callers(service):
        if caller.role not in {"driver", "of no account"}:
            await caller.client.aclose()
            continue
        async with caller.client as client:
            home = await client.get(f"{service.web_url}/console")
            assert (home.status_code, "Nothing of this account" in home.text) in {(200, True), (303, False)}
            for route in routes_of(service.web):
                if route.verb == "GET" and route.permission and not route.places:
                    answer = await client.get(service.web_url + route.path)
                    assert answer.status_code == 403, (caller.role, route)


@pytest.mark.trust("A51")
async def test_a_cursor_of_another_account_shows_ones_own_rows_only(service: Service) -> None:
    await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    async with await api_of(service) as ours, await api_of(service, "Other") as theirs:
        found = await belongings(service, ours)
        for path in KEPT:
            for cursor in found.cursors:
                text = (await theirs.get(path, params={"cursor": cursor, "limit": 500})).text
                assert not [mark for mark in found.marks if mark in text], path


@pytest.mark.trust("A48")
async def test_a_stream_tells_of_its_own_account_only(service: Service) -> None:
    await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    async with await api_of(service) as ours, await api_of(service, "Other") as theirs:
        await ours.post("/stations", json={"identity": "EARLIER-OURS"})
        async with theirs.stream("GET", "/events/live", headers={"Last-Event-ID": "0000000000001"}) as stream:
            heard: list[str] = []
            lines = stream.aiter_lines()

            async def next_line() -> bool:
                heard.append(await anext(lines))
                return "THEIRS" in heard[-1]

            await anext(lines)
            for number in range(5):
                await ours.post("/stations", json={"identity": f"OURS-{number}"})
            await theirs.post("/stations", json={"identity": "THEIRS"})
            await until(next_line)
        assert "OURS" not in "\n".join(heard)


@pytest.mark.trust("A11")
async def test_one_identity_in_two_accounts_is_two_stations(service: Service) -> None:
    made = await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    code = (await default_account(service)).connection_code
    async with await api_of(service) as ours, await api_of(service, "Other") as theirs:
        for api in (ours, theirs):
            assert (await api.post("/stations", json={"identity": "CP1"})).status_code == 201
        async with (
            station(service, "CP1", path=f"{code}/CP1") as here,
            station(service, "CP1", "2.0.1", path=f"{made['connection_code']}/CP1") as there,
        ):
            await here.boot()
            await there.boot()
            assert (await ours.get("/stations/CP1")).json()["ocpp_version"] == "1.6"
            assert (await theirs.get("/stations/CP1")).json()["ocpp_version"] == "2.0.1"
            await ours.delete("/stations/CP1")
            assert "currentTime" in await there.ask("Heartbeat", {})
            assert (await theirs.get("/stations/CP1")).json()["online"]


LISTS = ("/console", "/console/stations", "/console/stations/CP1", "/console/stations/CP1/transactions",
         "/console/transactions", "/console/search?q=CP1", "/console/stations/CP1/log")  # fmt: skip
MARKS = {"OURS": "4000", "THEIRS": "9000"}
"""In the names and tokens of each account; and what its meter shows."""


async def charges(wire: Wire, mark: str) -> int:
    """The number of the transaction that a vehicle of this account began."""
    await wire.boot()
    began = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    start = {"connectorId": 1, "idTag": f"CARD-{mark}", "meterStart": 0, "timestamp": began}
    number: int = (await wire.ask("StartTransaction", start))["transactionId"]
    reading = {"timestamp": now(), "sampledValue": [{"value": MARKS[mark]}]}
    await wire.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [reading]})
    return number


async def stops(wire: Wire, number: int, mark: str) -> Any:
    stop = {"transactionId": number, "meterStop": int(MARKS[mark]), "timestamp": now(), "idTag": f"CARD-{mark}"}
    return await wire.ask("StopTransaction", stop)


@pytest.mark.trust("A11")
@pytest.mark.trust("A36")
async def test_two_accounts_charge_at_stations_of_one_identity_each_seeing_its_own(service: Service) -> None:
    made = await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    ours = await default_account(service)
    number = parse_public(made["account_id"])
    assert number is not None
    places = {"OURS": (ours.account_id, ours.connection_code), "THEIRS": (number, made["connection_code"])}
    async with await api_of(service) as api, await api_of(service, "Other") as other:
        apis = {"OURS": api, "THEIRS": other}
        for mark in MARKS:
            await apis[mark].post("/stations", json={"identity": "CP1", "name": f"Harbour of {mark}"})
            await apis[mark].post("/tokens", json={"id_token": f"CARD-{mark}"})
        async with (
            station(service, "CP1", path=f"{places['OURS'][1]}/CP1") as here,
            station(service, "CP1", path=f"{places['THEIRS'][1]}/CP1") as there,
        ):
            wires = {"OURS": here, "THEIRS": there}
            numbers = {mark: await charges(wires[mark], mark) for mark in MARKS}
            await stops(there, numbers["OURS"], "THEIRS")
            for mark in MARKS:
                assert await told_of(apis[mark]) == ("active", f"CARD-{mark}", None)
                await pages_show_only(service, mark, places[mark][0])
            for mark, meter in MARKS.items():
                await stops(wires[mark], numbers[mark], mark)
                assert await told_of(apis[mark]) == ("ended", f"CARD-{mark}", int(meter))


async def told_of(api: httpx.AsyncClient) -> tuple[str, str, int | None]:
    """State, token and meter at the end of the one transaction that an account has at its station."""
    (one,) = (await api.get("/transactions", params={"station": "CP1"})).json()["items"]
    return one["state"], one["id_token"], one["meter_stop_wh"]


async def pages_show_only(service: Service, mark: str, account: int) -> None:
    """What an owner of this account sees in a browser is of this account."""
    (other,) = MARKS.keys() - {mark}
    user = await member(service, account, "owner", f"Owner-{mark}")
    caller = await signed_in(service, user, account, "owner")
    async with caller.client as client:
        for path in LISTS:
            text = (await client.get(service.web_url + path)).text
            assert f"Harbour of {mark}" in text or f"CARD-{mark}" in text, path
            assert f"Harbour of {other}" not in text, path
            assert f"CARD-{other}" not in text, path
