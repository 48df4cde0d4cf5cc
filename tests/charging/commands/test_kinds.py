"""Every action that goes to stations needs the permission of its kind, whichever way it is asked for."""

import re

import httpx
import pytest
from tests.gateway.conftest import Register
from tests.isolation import member, signed_in
from tests.running import api_of, default_account, station

from ocpp_css.app.running import Service
from ocpp_css.charging.commands.service.kinds import ANY, KINDS, PERMISSION_OF
from ocpp_css.edge.principal import Principal
from ocpp_css.ocpp.versions import BY_NAME
from ocpp_css.people.access import PERMISSIONS, ROLES, Role

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("SEC-1")]
RESET = {"action": "Reset", "payload": {"type": "Soft"}}
CERTIFICATE = {
    "action": "InstallCertificate", "payload": {"certificateType": "CentralSystemRootCertificate", "certificate": "x"},
}  # fmt: skip
START = {"action": "RemoteStartTransaction", "payload": {"idTag": "TAG"}}
VARIABLE = {"component": {"name": "c"}, "variable": {"name": "v"}}


def test_every_action_to_stations_is_of_one_kind() -> None:
    sent = {name for found in BY_NAME.values() for name, action in found.actions.items() if action.origin != "station"}
    assert set(PERMISSION_OF) == sent
    assert sum(len(actions) for actions in KINDS.values()) == len(sent), "an action is of two kinds"
    assert set(KINDS) | {"commands:send"} == {name for name in PERMISSIONS if name.startswith("commands:")}


def test_any_is_held_by_who_holds_one() -> None:
    assert Principal("key", permissions=frozenset({"commands:look"})).may(ANY)
    assert Principal("key", permissions=frozenset({"*"})).may(ANY)
    assert not Principal("key", permissions=frozenset({"stations:read", "stations:*"})).may(ANY)


@pytest.mark.parametrize(
    ("role", "sends", "does_not"),
    [
        ("administrator", {"InstallCertificate", "SetVariables", "UpdateFirmware", "Reset"}, set[str]()),
        ("technician", {"Reset", "UpdateFirmware", "ChangeConfiguration", "GetLog"}, {"InstallCertificate"}),
        ("operator", {"RemoteStartTransaction", "Reset"}, {"UpdateFirmware", "SetVariables", "DeleteCertificate"}),
        ("viewer", set[str](), {"GetConfiguration", "Reset"}),
        ("driver", set[str](), {"GetConfiguration", "RemoteStartTransaction"}),
    ],
)
def test_roles_divide_the_work(role: Role, sends: set[str], does_not: set[str]) -> None:
    held = Principal("user", permissions=ROLES[role])
    assert all(held.may(PERMISSION_OF[action]) for action in sends)
    assert not any(held.may(PERMISSION_OF[action]) for action in does_not)


def refused(answer: httpx.Response, permission: str) -> bool:
    told = answer.json()
    return answer.status_code == 403 and told["code"] == "permission_missing" and permission in told["detail"]


async def test_a_key_of_one_kind_sends_that_kind_alone(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    path = f"/stations/{identity}"
    async with await api_of(service, scopes=("commands:restart",)) as key:
        assert (await key.post(f"{path}/commands", json=RESET)).json()["status"] == "offline"
        for given, permission in ((CERTIFICATE, "commands:secure"), (START, "commands:charge")):
            assert refused(await key.post(f"{path}/commands", json=given), permission)
            old = await key.post(f"/ChargePoint/{identity}/{given['action']}", json=given["payload"])
            assert refused(old, permission)
        assert refused(await key.post(f"{path}/start", json={"id_token": "TAG"}), "commands:charge")
        assert refused(await key.post(f"{path}/variables/get", json={"getVariableData": [VARIABLE]}), "commands:look")
        asked = {"setVariableData": [{**VARIABLE, "attributeValue": "1"}]}
        assert refused(await key.post(f"{path}/variables/set", json=asked), "commands:configure")
        assert refused(await key.post("/transactions/1/stop"), "commands:charge")
    sent = (await api.get(f"{path}/commands")).json()["items"]
    assert [one["action"] for one in sent] == ["Reset"], "what was refused is not kept"


async def test_who_may_not_send_it_takes_nothing_back(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    waiting = (await api.post(f"/stations/{identity}/commands", json={**RESET, "queue": True})).json()["command_id"]
    async with await api_of(service, scopes=("commands:charge",)) as key:
        assert refused(await key.delete(f"/commands/{waiting}"), "commands:restart")
    async with await api_of(service, scopes=("commands:restart",)) as key:
        assert (await key.delete(f"/commands/{waiting}")).json()["status"] == "cancelled"


@pytest.mark.parametrize("scope", ["commands:send", "commands:*"])
async def test_a_key_for_all_commands_goes_on_sending_all(
    service: Service, register: Register, api: httpx.AsyncClient, scope: str
) -> None:
    identity = await register()
    async with await api_of(service, scopes=(scope,)) as key:
        for given in (RESET, CERTIFICATE, START):
            answer = await key.post(f"/stations/{identity}/commands", json=given)
            assert (answer.status_code, answer.json()["status"]) == (200, "offline")
        assert (await key.post(f"/stations/{identity}/start", json={"id_token": "TAG"})).status_code == 200
        listed = (await key.get("/me")).json()["permissions"]
        assert scope in listed


async def test_a_new_password_is_sent_by_who_may_configure(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    path = f"/stations/{identity}"
    async with station(service, identity) as wire:
        await wire.boot()
        async with await api_of(service, scopes=("stations:*", "commands:charge")) as key:
            assert refused(await key.post(f"{path}/password/rotate"), "commands:configure")
        assert (await api.get(path)).json()["password_rotation"] is False
        assert (await api.get(f"{path}/commands")).json()["items"] == []


async def test_pages_show_and_take_what_one_may_send(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    account = (await default_account(service)).account_id
    page = f"{service.web_url}/console/stations/{identity}"

    async def browser_of(role: Role) -> httpx.AsyncClient:
        user = await member(service, account, role, f"{role}-{identity}")
        return (await signed_in(service, user, account, role)).client

    async def actions_for(browser: httpx.AsyncClient) -> set[str]:
        return set(re.findall(r'data-choice="(\w+)"', (await browser.get(f"{page}/commands")).text))

    async with await browser_of("operator") as browser:
        head = (await browser.get(page)).text
        assert "start-charging" in head
        assert "reset-station" in head
        names = await actions_for(browser)
        assert {"Reset", "RemoteStartTransaction"} < names
        assert names.isdisjoint({"UpdateFirmware", "InstallCertificate", "ChangeConfiguration"})
        sent = await browser.post(f"{page}/commands", data={"action": "InstallCertificate", "payload": "{}"})
        assert "commands:secure" in sent.text
        assert forbidden(await browser.post(f"{page}/configuration", data={"variable": "a"}), "commands:configure")
    async with await browser_of("technician") as browser:
        names = await actions_for(browser)
        assert "UpdateFirmware" in names
        assert "InstallCertificate" not in names
    async with await browser_of("viewer") as browser:
        head = (await browser.get(page)).text
        assert "start-charging" not in head
        assert "reset-station" not in head
        assert not await actions_for(browser)
        assert forbidden(await browser.post(f"{page}/reset"), "commands:restart")
    assert (await api.get(f"/stations/{identity}/commands")).json()["items"] == []


def forbidden(answer: httpx.Response, permission: str) -> bool:
    """A page that names what is missing."""
    return answer.status_code == 403 and permission in answer.text
