"""Who comes in and who does not: the handshake before the upgrade (RULES 1, TRUST A1 to A19)."""

import asyncio
import base64
from typing import Any

import httpx
import pytest
import websockets
from tests.gateway.conftest import PASSWORD, Register
from tests.gateway.raw import RawWire, answer_to, authorization, request, status
from tests.running import default_account, station, whole_service

from ocpp_css.app.running import Service
from ocpp_css.charging.stations import store as stations_store
from ocpp_css.gateway import limits
from ocpp_css.storage import Database
from ocpp_css.storage.tables import FACTS

pytestmark = pytest.mark.anyio
HEX = "0123456789abcdef0123456789abcdef01234567"


async def knock(service: Service, path: str, *headers: tuple[str, str], protocol: str | None = "ocpp1.6") -> bytes:
    return await answer_to(service, request(f"/ocpp/{path}", headers, protocol=protocol))


# --- passwords -------------------------------------------------------------------------------------------------------


@pytest.mark.trust("A1")
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!not base64!!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:" + PASSWORD.encode()).decode(),
        "Basic " + "QUFB" * 2000,
        "Bearer css_0000",
        "Digest username=x",
        PASSWORD,
    ],
)
async def test_a_missing_or_garbled_password_is_401_before_the_upgrade(
    service: Service, register: Register, header: str | None
) -> None:
    identity = await register(password=PASSWORD)
    before = len(await service.wiring.db.across_tenants(FACTS.select()))
    answer = await knock(service, identity, *([] if header is None else [("Authorization", header)]))
    assert status(answer) == 401
    assert b"WWW-Authenticate: Basic" in answer
    assert len(await service.wiring.db.across_tenants(FACTS.select())) == before


@pytest.mark.trust("A2")
async def test_another_user_name_than_the_identity_is_refused(service: Service, register: Register) -> None:
    identity, other = await register(password=PASSWORD), await register(password=PASSWORD)
    assert status(await knock(service, identity, authorization(other, PASSWORD))) == 401
    assert status(await knock(service, identity, authorization("", PASSWORD))) == 401
    assert status(await knock(service, identity, authorization(identity, PASSWORD))) == 101


@pytest.mark.trust("A3")
async def test_the_password_of_another_station_is_refused(service: Service, register: Register) -> None:
    first, second = await register(password=PASSWORD), await register(password=PASSWORD + "!")
    assert status(await knock(service, second, authorization(first, PASSWORD))) == 401
    assert status(await knock(service, second, authorization(second, PASSWORD))) == 401


@pytest.mark.trust("A4")
async def test_unknown_and_known_identities_are_refused_in_the_same_bytes(service: Service, register: Register) -> None:
    identity = await register(password=PASSWORD)
    wrong = await knock(service, identity, authorization(identity, "wrong password, long enough"))
    code = (await default_account(service)).connection_code
    for path in ("UNKNOWN", f"{code}/UNKNOWN", f"UNKNOWN/{code}", "a-aaaaaaaaaaaa/UNKNOWN", "..", "%00"):
        name = path.rsplit("/", 1)[-1]
        assert await knock(service, path, authorization(name, "wrong password, long enough")) == wrong
    assert await knock(service, "UNKNOWN") == wrong


@pytest.mark.trust("A4")
async def test_the_same_work_is_done_for_an_unknown_identity(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = service.wiring.services["directory"]
    hashed: list[bytes] = []
    real = directory.hash_password
    monkeypatch.setattr(directory, "hash_password", lambda password: hashed.append(password) or real(password))
    identity = await register(password=PASSWORD)
    hashed.clear()
    await knock(service, identity, authorization(identity, "wrong"))
    await knock(service, "NOBODY", authorization("NOBODY", "wrong"))
    assert hashed == [b"wrong", b"wrong"]


@pytest.mark.requirement("CS-2")
async def test_the_hex_text_and_its_octets_are_both_a_password(service: Service, register: Register) -> None:
    identity = await register(password=HEX)
    for password in (HEX, bytes.fromhex(HEX)):
        async with station(service, identity, password=password) as wire:
            await wire.boot()
    assert status(await knock(service, identity, authorization(identity, HEX.upper()))) == 401


async def test_octets_of_any_value_are_a_password(service: Service, register: Register) -> None:
    secret = bytes(range(0, 256, 8))
    identity = await register(password=secret.hex())
    async with station(service, identity, password=secret) as wire:
        await wire.boot()


async def test_a_changed_password_counts_at_once(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    identity = await register(password=PASSWORD)
    answer = await api.put(f"/stations/{identity}/password", json={"password": "another long password"})
    assert answer.status_code == 204
    assert status(await knock(service, identity, authorization(identity, PASSWORD))) == 401
    assert status(await knock(service, identity, authorization(identity, "another long password"))) == 101


async def test_a_removed_station_is_out_at_once(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        assert (await api.delete(f"/stations/{identity}")).status_code == 204
        await asyncio.wait_for(wire.socket.wait_closed(), 10)
        assert wire.socket.close_code == 1008
    assert status(await knock(service, identity)) == 401


@pytest.mark.trust("A14")
async def test_a_station_of_profile_2_does_not_come_in_without_tls(service: Service, register: Register) -> None:
    identity = await register(password=PASSWORD, security_profile=2)
    assert status(await knock(service, identity, authorization(identity, PASSWORD))) == 401


@pytest.mark.trust("A5")
async def test_guessing_is_slowed_down_and_does_not_lock_the_station_out(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, neighbour = await register(password=PASSWORD), await register(password=PASSWORD)
    monkeypatch.setattr(limits, "FIRST_PAUSE_S", 100.0)
    for _ in range(limits.FREE_TRIES):
        assert status(await knock(service, identity, authorization(identity, "wrong"))) == 401
    # This source has to wait now, even with the right password; another source need not.
    assert status(await knock(service, identity, authorization(identity, PASSWORD))) == 401
    assert status(await knock(service, neighbour, authorization(neighbour, PASSWORD))) == 101
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(service.station_url.rsplit(":", 1)[1].split("/")[0]), local_addr=("127.0.0.2", 0)
    )
    writer.write(request(f"/ocpp/{identity}", [authorization(identity, PASSWORD)]))
    assert (await reader.readline()).startswith(b"HTTP/1.1 101")
    writer.close()


# --- addresses -------------------------------------------------------------------------------------------------------


async def test_the_code_may_stand_before_or_behind_the_identity(service: Service, register: Register) -> None:
    identity = await register()
    code = (await default_account(service)).connection_code
    for path in (identity, f"{identity}/{code}", f"{code}/{identity}", f"{code}/{identity}?x=/a/b"):
        async with station(service, identity, path=path) as wire:
            await wire.boot()
    for path in (f"{code}", f"{identity}/{identity}", f"{code}/{code}", f"{code}/{identity}/{code}", f"{identity}/"):
        assert status(await knock(service, path)) == 401, path


@pytest.mark.trust("A12")
@pytest.mark.parametrize(
    "path",
    [
        "../{0}", "..%2f{0}", "%2e%2e%2f{0}", "{0}%00", "%00{0}", "%2500{0}", "//{0}", "{0}//", "{0};x", "{0}%3f",
        "{0}%23", "{0}#x", "{0}%0d%0aX:%20y", "{0}%20", "%20{0}", "{1}", "{0}" + "x" * 60, "%EF%BC%A3{0}",
        "%E2%80%AE{0}", "{0}%CC%81", "%ff", ".", "%2e", "{0}%2Fa-aaaaaaaaaaaa", "{0}\\", "{0}%5c", "",
    ],
)  # fmt: skip
async def test_a_crooked_path_is_no_identity(service: Service, register: Register, path: str) -> None:
    identity = await register()
    given = path.format(identity, identity.lower())
    assert status(await knock(service, given)) in {400, 401}
    assert not service.hub.connections or all(c.station.identity != given for c in service.hub.connections.values())


@pytest.mark.trust("A12")
async def test_case_twins_are_two_stations(service: Service, api: httpx.AsyncClient) -> None:
    for identity in ("Twin", "TWIN"):
        assert (await api.post("/stations", json={"identity": identity})).status_code == 201
    async with station(service, "Twin"), station(service, "TWIN"):
        online = {c.station.identity for c in service.hub.connections.values()}
        assert {"Twin", "TWIN"} <= online


async def test_an_encoded_letter_is_the_letter(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "A|B@C"})
    async with station(service, "A|B@C", path="%41%7CB%40C") as wire:
        await wire.boot()


async def test_an_unknown_station_is_kept_as_pending_where_the_account_says_so(
    service: Service, api: httpx.AsyncClient
) -> None:
    assert status(await knock(service, "STRANGER")) == 401
    assert (await api.patch("/account", json={"unknown_stations": "pending"})).status_code == 200
    try:
        code = (await default_account(service)).connection_code
        async with (
            station(service, "STRANGER") as wire,
            station(service, "STRANGER2", "2.0.1", path=f"{code}/STRANGER2") as other,
        ):
            assert (await wire.boot())["status"] == "Pending"
            assert (await other.boot())["status"] == "Pending"
            assert (await wire.call("Heartbeat", {}))[2] == "SecurityError"
            answer = await api.patch("/stations/STRANGER", json={"registration_status": "Accepted"})
            assert answer.status_code == 200
            assert (await wire.boot())["status"] == "Accepted"
            assert (await wire.call("Heartbeat", {}))[0] == 3
        found = (await api.get("/stations/STRANGER2")).json()
        assert found["registration_status"] == "Pending"
    finally:
        await api.patch("/account", json={"unknown_stations": "refuse"})
    async with station(service, "STRANGER") as wire:
        await wire.boot()


async def test_two_unknown_connections_at_once_become_one_station(service: Service, api: httpx.AsyncClient) -> None:
    await api.patch("/account", json={"unknown_stations": "pending"})
    try:
        wires = await asyncio.gather(*(RawWire.open(service, "/ocpp/ATONCE") for _ in range(4)))
        async with station(service, "ATONCE") as wire:
            assert (await wire.boot())["status"] == "Pending"
            found = await api.get("/stations", params={"search": "ATONCE"})
        assert len(found.json()["items"]) == 1
        for raw in wires:
            raw.drop()
    finally:
        await api.patch("/account", json={"unknown_stations": "refuse"})


# --- protocols and headers -------------------------------------------------------------------------------------------


@pytest.mark.trust("A13")
@pytest.mark.parametrize("offered", [None, "", "ocpp1.5", "mqtt", "OCPP1.6", ", ".join(f"x{n}" for n in range(100))])
async def test_without_a_common_subprotocol_the_handshake_is_completed_then_closed(
    service: Service, register: Register, offered: str | None
) -> None:
    raw = await RawWire.open(service, f"/ocpp/{await register()}", protocol=offered)
    assert await raw.closed_with() == 1002
    await raw.ended()


@pytest.mark.trust("A13")
async def test_the_first_offer_that_is_spoken_and_allowed_is_taken(service: Service, register: Register) -> None:
    anything, only = await register(), await register(ocpp_versions=["2.0.1"])
    for identity, offered, taken in (
        (anything, "ocpp1.6, ocpp2.0.1", b"ocpp1.6"),
        (anything, "ocpp9, ocpp2.1,ocpp1.6", b"ocpp2.1"),
        (only, "ocpp1.6, ocpp2.0.1, ocpp2.1", b"ocpp2.0.1"),
    ):
        answer = await knock(service, identity, protocol=offered)
        assert b"Sec-WebSocket-Protocol: " + taken + b"\r\n" in answer
    raw = await RawWire.open(service, f"/ocpp/{only}", protocol="ocpp1.6")
    assert await raw.closed_with() == 1002


@pytest.mark.trust("A17")
async def test_a_browser_is_refused(service: Service, register: Register) -> None:
    identity = await register()
    assert status(await knock(service, identity, ("Origin", "https://evil.example"))) == 401


@pytest.mark.trust("A19")
async def test_a_crooked_request_is_refused(service: Service, register: Register) -> None:
    identity = await register(password=PASSWORD)
    right = authorization(identity, PASSWORD)
    good = request(f"/ocpp/{identity}", [right])
    assert status(await answer_to(service, good)) == 101
    assert status(await knock(service, identity, right, right)) == 400
    assert status(await knock(service, identity, right, *((f"X-{n}", "y") for n in range(200)))) in {400, 431}
    assert status(await knock(service, identity + "?" + "x" * 20_000, right)) in {0, 400, 414, 431}
    assert status(await knock(service, identity, right, ("X-Large", "y" * 70_000))) in {0, 400, 431}
    for sent in (
        good.replace(b"GET ", b"POST "),
        good.replace(b"HTTP/1.1", b"HTTP/9.9"),
        good.replace(b"Upgrade: websocket", b"Upgrade: h2c"),
        good.replace(b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 12"),
        good.replace(b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: short"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
    ):
        assert status(await answer_to(service, sent)) != 101, sent


@pytest.mark.trust("A19")
async def test_two_host_headers_or_a_body_are_refused(service: Service, register: Register) -> None:
    identity = await register()
    assert status(await knock(service, identity, ("Host", "evil.example"))) == 400
    assert status(await knock(service, identity, ("Content-Length", "5"), ("Transfer-Encoding", "chunked"))) == 400


async def test_who_sends_no_request_is_cut(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocpp_css.gateway.server.HANDSHAKE_S", 0.05)
    identity = await register()
    assert status(await answer_to(service, request(f"/ocpp/{identity}")[:-2])) == 0


async def test_a_path_outside_is_refused(service: Service) -> None:
    for path in ("/", "/metrics", "/ocpp", "/ocppx/CP1", "*", "http://127.0.0.1/ocpp/CP1"):
        assert status(await answer_to(service, request(path))) in {400, 401}, path


@pytest.mark.trust("A6")
async def test_a_source_that_sprays_is_limited_and_who_lives_there_is_not(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FREE_TRIES_OF_SOURCE", 5)
    monkeypatch.setattr(limits, "FIRST_PAUSE_S", 100.0)
    async with whole_service(tmp_path_factory.mktemp("spray")) as service:
        from tests.running import api_of

        async with await api_of(service) as client:
            for identity in ("RESIDENT", "NEWCOMER"):
                await client.post("/stations", json={"identity": identity, "password": PASSWORD})
            await client.post("/stations", json={"identity": "SHORT", "password": "short", "allow_weak": True})
            await client.post("/stations", json={"identity": "OPEN"})
        async with station(service, "RESIDENT", password=PASSWORD) as wire:
            for number in range(6):
                assert status(await knock(service, f"X{number}", authorization(f"X{number}", "guess"))) == 401
            # What guessing cannot find comes in all the same; what it could find waits.
            for weak in ("SHORT", "OPEN"):
                assert status(await knock(service, weak, authorization(weak, "short"))) == 401
            assert status(await knock(service, "NEWCOMER", authorization("NEWCOMER", PASSWORD))) == 101
            await wire.boot()
        async with station(service, "RESIDENT", password=PASSWORD) as wire:
            await wire.boot()


async def test_a_handshake_that_breaks_tells_nothing(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("a secret text")

    identity = await register()
    monkeypatch.setattr(service.wiring.services["directory"], "find", broken)
    answer = await knock(service, identity)
    assert status(answer) == 500
    assert b"secret" not in answer


async def test_the_library_of_the_tests_is_refused_too(service: Service, register: Register) -> None:
    identity = await register(password=PASSWORD)
    with pytest.raises(websockets.InvalidStatus):
        async with station(service, identity, password="wrong"):
            pass


async def test_a_station_registered_while_the_directory_is_read_anew_gets_in(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, registered = service.wiring.services["directory"], asyncio.Event()
    read = stations_store.load_all

    async def late(db: Database) -> Any:
        found = await read(db)
        await registered.wait()
        return found

    monkeypatch.setattr(stations_store, "load_all", late)
    reading = asyncio.create_task(directory.load())
    await asyncio.sleep(0)
    identity = await register()
    registered.set()
    await reading
    assert directory.find(identity, None) is not None
