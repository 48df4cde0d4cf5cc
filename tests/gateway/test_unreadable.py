"""What is no OCPP-J is in the log without its text; why a station is refused is on its page (decision 13)."""

import httpx
import pytest
from tests.gateway.conftest import PASSWORD, Register
from tests.gateway.raw import answer_to, authorization, request, status
from tests.running import default_account, now, station, until

from ocpp_css.app.running import Service
from ocpp_css.gateway import limits, unreadable
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.kit.rates import Rate

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-10")]
SECRET = "04A2245C6F"
BROKEN = [
    f'[2,"a","Authorize",{{"idTag":"{SECRET}"',
    f'[2,"b","Authorize",{{"idTag":{SECRET}}}]',
    '[2,"x"]',
    f'"{SECRET}"',
    f"not JSON {SECRET}",
]


async def log_of(api: httpx.AsyncClient, identity: str) -> list[dict[str, object]]:
    items = (await api.get(f"/stations/{identity}/messages", params={"limit": 500})).json()["items"]
    return [item for item in reversed(items) if item["action"] != "BootNotification"]


@pytest.mark.trust("A25")
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_bad_json_is_in_the_log_without_its_text(
    service: Service, register: Register, api: httpx.AsyncClient, version: str
) -> None:
    identity = await register()
    async with station(service, identity, version) as wire:
        await wire.boot()
        for text in BROKEN:
            await wire.send(text)
        answered = 1 if version == "1.6" else len(BROKEN)
        for _ in range(answered):
            assert (await wire.receive())[0] == 4
        log = await until(lambda: _when(log_of(api, identity), len(BROKEN) + answered))
    told = [item for item in log if item["message_type"] == "UNREADABLE"]
    assert [item["payload"]["length_bytes"] for item in told] == [len(text) for text in BROKEN]
    assert [item["payload"]["fault"] is None for item in told] == [False, False, True, True, False]
    assert len({item["payload"]["digest"] for item in told}) == len(BROKEN)
    assert len([item for item in log if item["message_type"] == "CALLERROR"]) == answered
    errors = (await api.get(f"/stations/{identity}/messages", params={"errors": "true"})).json()["items"]
    assert {item["exchange_id"] for item in errors} >= {item["exchange_id"] for item in told}
    rows = await service.wiring.db.across_tenants(MESSAGES.select())
    assert not any(SECRET in str(row) for row in rows)


async def _when(found: object, number: int) -> object:
    items = await found  # type: ignore[misc]
    return items if len(items) >= number else None


async def test_a_flood_of_bad_json_is_counted_and_kept_in_bounds(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unreadable, "KEPT", Rate(3, 1e9))
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        for _ in range(50):
            await wire.send("{")
        await wire.ask("DataTransfer", {"vendorId": "x"})
        kept = [item for item in await log_of(api, identity) if item["message_type"] == "UNREADABLE"]
        assert len(kept) == 3


async def knock(service: Service, identity: str, *headers: tuple[str, str], protocol: str = "ocpp1.6") -> int:
    return status(await answer_to(service, request(f"/ocpp/{identity}", headers, protocol=protocol)))


async def refusal_of(service: Service, api: httpx.AsyncClient, identity: str) -> dict[str, object] | None:
    await service.wiring.db.flush()
    found: dict[str, object] | None = (await api.get(f"/stations/{identity}")).json()["last_refusal"]
    return found


@pytest.mark.trust("A1")
async def test_the_reason_of_a_refusal_is_told_to_the_operator_and_to_nobody_else(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register(password=PASSWORD, ocpp_versions=["1.6"])
    assert await refusal_of(service, api, identity) is None
    tries = [
        ((), "no_password"),
        ((authorization("other", PASSWORD),), "wrong_name"),
        ((authorization(identity, "wrong password, long"),), "wrong_password"),
    ]
    for number, (headers, reason) in enumerate(tries, start=1):
        assert await knock(service, identity, *headers) == 401
        found = await refusal_of(service, api, identity)
        assert found is not None
        assert (found["reason"], found["times"], found["address"]) == (reason, number, "127.0.0.1")
    assert await knock(service, identity, authorization(identity, PASSWORD), protocol="ocpp2.0.1") == 101
    found = await refusal_of(service, api, identity)
    assert found is not None
    assert (found["reason"], found["times"]) == ("version", 1)
    await api.patch(f"/stations/{identity}", json={"security_profile": 2})
    assert await knock(service, identity, authorization(identity, PASSWORD)) == 401
    found = await refusal_of(service, api, identity)
    assert found is not None
    assert found["reason"] == "not_encrypted"


async def test_one_that_waits_after_too_many_tries_is_seen(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FIRST_PAUSE_S", 100.0)
    identity = await register(password=PASSWORD)
    for _ in range(limits.FREE_TRIES):
        await knock(service, identity, authorization(identity, "wrong"))
    assert await knock(service, identity, authorization(identity, PASSWORD)) == 401
    found = await refusal_of(service, api, identity)
    assert found is not None
    assert (found["reason"], found["times"]) == ("too_many_tries", limits.FREE_TRIES + 1)


async def test_an_unknown_identity_leaves_no_row(service: Service) -> None:
    from ocpp_css.gateway.refusals import REFUSALS

    before = len(await service.wiring.db.across_tenants(REFUSALS.select()))
    code = (await default_account(service)).connection_code
    assert await knock(service, f"{code}/NOBODY", authorization("NOBODY", PASSWORD)) == 401
    await service.wiring.db.flush()
    assert len(await service.wiring.db.across_tenants(REFUSALS.select())) == before


async def test_last_heard_is_the_last_moment_of_a_short_visit(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        began = now()
        await wire.ask("Heartbeat", {})
    await until(lambda: _is_offline(api, identity))
    await service.wiring.db.flush()
    seen = (await api.get(f"/stations/{identity}")).json()["last_seen_at"]
    assert began[:19] <= seen[:19]


async def _is_offline(api: httpx.AsyncClient, identity: str) -> bool:
    return not (await api.get(f"/stations/{identity}")).json()["online"]
