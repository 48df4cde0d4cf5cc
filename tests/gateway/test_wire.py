"""Frames and messages on real sockets: sizes, fragments, compression, text, floods (RULES 1, TRUST A22 to A30)."""

import asyncio
import json
import struct
import zlib

import httpx
import pytest
from tests.gateway.conftest import Register
from tests.gateway.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawWire, request
from tests.running import station, until

from ocpp_css.app.running import Service
from ocpp_css.gateway import connection as connections
from ocpp_css.storage.tables import FACTS

pytestmark = pytest.mark.anyio
HEARTBEAT = b'[2,"h","Heartbeat",{}]'
DEFLATE = ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")


@pytest.fixture
async def raw(service: Service, register: Register) -> RawWire:
    """A booted 1.6 station, frames by hand."""
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
    return await RawWire.open(service, f"/ocpp/{identity}")


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


async def answered(raw: RawWire, message_id: str = "h") -> None:
    opcode, payload = await raw.receive()
    assert opcode == TEXT
    assert json.loads(payload)[:2] == [3, message_id]


def data_transfer(size: int, message_id: str = "d") -> bytes:
    frame = json.dumps([2, message_id, "DataTransfer", {"vendorId": "V", "data": ""}]).encode()
    return frame.replace(b'"data": ""', b'"data": "' + b"x" * (size - len(frame)) + b'"')


# --- control frames and ends -----------------------------------------------------------------------------------------


async def test_a_ping_is_answered_with_its_payload(raw: RawWire) -> None:
    raw.send(PING, b"are you there")
    assert await raw.receive() == (PONG, b"are you there")


async def test_the_service_pings(service: Service, register: Register) -> None:
    identity = await register()
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    raw.send(TEXT, b'[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
    await answered(raw, "b")
    connection = next(c for c in service.hub.connections.values() if c.station.identity == identity)
    connection.ping()
    assert await raw.receive() == (PING, b"")
    before = connection.last_heard
    raw.send(PONG, b"")
    raw.send(TEXT, HEARTBEAT)
    await answered(raw)
    assert connection.last_heard > before


@pytest.mark.parametrize(("code", "echoed"), [(1000, 1000), (1001, 1001), (None, 1000), (3999, 3999)])
async def test_a_close_is_answered(raw: RawWire, code: int | None, echoed: int) -> None:
    raw.send(CLOSE, b"" if code is None else struct.pack("!H", code) + b"bye")
    assert await raw.closed_with() == echoed
    await raw.ended()


@pytest.mark.trust("A24")
async def test_a_binary_frame_closes(raw: RawWire) -> None:
    raw.send(BINARY, HEARTBEAT)
    assert await raw.closed_with() == 1003


@pytest.mark.trust("A22")
async def test_a_broken_frame_closes(raw: RawWire) -> None:
    raw.writer.write(b"\x81\x05hello")
    assert await raw.closed_with() == 1002


# --- sizes and fragments ---------------------------------------------------------------------------------------------


@pytest.mark.trust("A22")
async def test_the_largest_message_is_taken_and_one_byte_more_is_not(
    service: Service, raw: RawWire, api: httpx.AsyncClient
) -> None:
    raw.send(TEXT, data_transfer(1 << 20))
    await answered(raw, "d")
    raw.send(TEXT, data_transfer((1 << 20) + 1))
    assert await raw.closed_with() == 1009

    async def told() -> bool:
        facts = await service.wiring.db.across_tenants(FACTS.select().where(FACTS.c.kind == "security.connection"))
        return any(fact.body["reason"].startswith("message_too_large") for fact in facts)

    assert await until(told)


@pytest.mark.trust("A22")
@pytest.mark.parametrize("length", [(5 << 20), (1 << 40), (1 << 62)])
async def test_a_length_beyond_all_limits_is_refused_before_its_bytes(raw: RawWire, length: int) -> None:
    raw.writer.write(struct.pack("!BBQ", 0x81, 0xFF, length) + b"mask" + b"x" * 1000)
    assert await raw.closed_with() == 1009


@pytest.mark.trust("A22")
async def test_a_length_with_the_highest_bit_is_a_broken_frame(raw: RawWire) -> None:
    raw.writer.write(struct.pack("!BBQ", 0x81, 0xFF, 1 << 63) + b"mask")
    assert await raw.closed_with() == 1002


async def test_a_stations_own_limit_counts(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    identity = await register()
    assert (await api.patch(f"/stations/{identity}", json={"max_message_bytes": 2048})).status_code == 200
    async with station(service, identity) as wire:
        await wire.boot()
        assert (await wire.call("DataTransfer", {"vendorId": "V", "data": "x" * 1000}))[0] == 3
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    raw.send(TEXT, data_transfer(2049))
    assert await raw.closed_with() == 1009


async def test_fragments_make_one_message_and_control_frames_may_stand_between(raw: RawWire) -> None:
    raw.send(TEXT, HEARTBEAT[:5], fin=False)
    raw.send(PING, b"1")
    raw.send(CONTINUATION, HEARTBEAT[5:9], fin=False)
    raw.send(CONTINUATION, b"", fin=False)
    raw.send(CONTINUATION, HEARTBEAT[9:])
    assert await raw.receive() == (PONG, b"1")
    await answered(raw)
    raw.send(TEXT, HEARTBEAT)
    await answered(raw)


@pytest.mark.trust("A22")
async def test_the_sum_of_fragments_is_limited(raw: RawWire) -> None:
    raw.send(TEXT, b"[" * 1000, fin=False)
    for _ in range(17):
        raw.send(CONTINUATION, b"x" * 65_536, fin=False)
    assert await raw.closed_with() == 1009


@pytest.mark.trust("A22")
async def test_fragments_without_content_come_to_an_end(raw: RawWire) -> None:
    raw.send(TEXT, b"", fin=False)
    for _ in range(100):
        for _ in range(1000):
            raw.send(CONTINUATION, b"", fin=False)
        try:
            await raw.writer.drain()
        except ConnectionError:
            break
    assert await raw.closed_with() in {1009, 0}
    await raw.ended()


@pytest.mark.trust("A22")
async def test_what_goes_on_after_a_message_too_large_is_told_once(service: Service, raw: RawWire) -> None:
    refused = service.hub.refused_size
    told: list[int] = []
    service.hub.refused_size = lambda connection, size: (told.append(size), refused(connection, size))
    raw.send(TEXT, b"[" * 1000, fin=False)
    for _ in range(60):
        raw.send(CONTINUATION, b"x" * 65_536, fin=False)
    assert await raw.closed_with() in {1009, 0}
    await raw.ended()
    assert len(told) == 1


@pytest.mark.trust("A22")
async def test_a_message_inside_a_message_closes(raw: RawWire) -> None:
    raw.send(TEXT, HEARTBEAT[:5], fin=False)
    raw.send(TEXT, HEARTBEAT)
    assert await raw.closed_with() == 1002


@pytest.mark.trust("A22")
async def test_a_continuation_of_nothing_closes(raw: RawWire) -> None:
    raw.send(CONTINUATION, HEARTBEAT)
    assert await raw.closed_with() == 1002


# --- compression -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CS-13")
async def test_a_compressed_conversation(service: Service, register: Register) -> None:
    async with station(service, await register(), compression="deflate") as wire:
        assert wire.socket.protocol.extensions
        await wire.boot()
        text = "the same words again and again " * 100
        assert (await wire.call("DataTransfer", {"vendorId": "V", "data": text}))[0] == 3


async def test_answers_are_compressed_where_it_is_worth_it(service: Service, register: Register) -> None:
    raw = await RawWire.open(service, f"/ocpp/{await register()}", DEFLATE)
    raw.send(TEXT, b'[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
    await answered(raw, "b")
    raw.send(TEXT, deflated(b'[2,"x","BootNotification",{"%s":1}]' % (b"y" * 300)), rsv1=True)
    opcode, payload = await raw.receive()
    assert opcode == 64 | TEXT
    assert json.loads(zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff"))[:3] == [
        4,
        "x",
        "FormationViolation",
    ]


async def test_compressed_fragments_make_one_message(service: Service, register: Register) -> None:
    raw = await RawWire.open(service, f"/ocpp/{await register()}", DEFLATE)
    boot = deflated(b'[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
    raw.send(TEXT, boot[:10], fin=False, rsv1=True)
    raw.send(CONTINUATION, boot[10:])
    await answered(raw, "b")


@pytest.mark.trust("A23")
@pytest.mark.parametrize("is_fragmented", [False, True])
async def test_a_bomb_is_refused(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch, is_fragmented: bool
) -> None:
    inflated: list[int] = []
    real = connections.compression.inflate

    def watched(data: bytes, limit: int) -> bytes:
        inflated.append(limit)
        return real(data, limit)

    monkeypatch.setattr(connections.compression, "inflate", watched)
    raw = await RawWire.open(service, f"/ocpp/{await register()}", DEFLATE)
    bomb = deflated(b"[" + b" " * (64 << 20) + b"]")
    assert len(bomb) < 100_000
    if is_fragmented:
        raw.send(TEXT, bomb[:1000], fin=False, rsv1=True)
        raw.send(CONTINUATION, bomb[1000:])
    else:
        raw.send(TEXT, bomb, rsv1=True)
    assert await raw.closed_with() == 1009
    assert inflated == [1 << 20]


@pytest.mark.trust("A23")
async def test_compression_that_was_not_agreed_closes(raw: RawWire) -> None:
    raw.send(TEXT, deflated(HEARTBEAT), rsv1=True)
    assert await raw.closed_with() == 1002


@pytest.mark.trust("A23")
async def test_what_is_not_deflated_closes(service: Service, register: Register) -> None:
    raw = await RawWire.open(service, f"/ocpp/{await register()}", DEFLATE)
    raw.send(TEXT, b"\xff\xff\xff\xff not deflated", rsv1=True)
    assert await raw.closed_with() == 1007


async def test_an_offer_of_a_full_window_is_taken_by_its_name(service: Service, register: Register) -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(service.station_url.rsplit(":", 1)[1].split("/")[0])
    )
    offers = ("Sec-WebSocket-Extensions", "x-other, permessage-deflate; server_max_window_bits=15")
    writer.write(request(f"/ocpp/{await register()}", [offers]))
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.close()
    assert b"server_max_window_bits=15" in head


# --- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.trust("A24")
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize(
    "message",
    [
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf" + HEARTBEAT,
        b'[2,"\\ud800","Heartbeat",{}]',
        b"\x00",
        b"",
        b"{}",
        b"[]",
        b'"text"',
    ],
)
async def test_what_is_no_message_disturbs_nobody(
    service: Service, register: Register, version: str, message: bytes
) -> None:
    identity = await register()
    async with station(service, identity, version) as wire:
        await wire.boot()
    raw = await RawWire.open(service, f"/ocpp/{identity}", protocol=f"ocpp{version}")
    raw.send(TEXT, message)
    if version != "1.6":
        opcode, payload = await raw.receive()
        assert (opcode, json.loads(payload)[:3]) == (TEXT, [4, "-1", "RpcFrameworkError"])
    raw.send(TEXT, HEARTBEAT)
    await answered(raw)


@pytest.mark.trust("A24")
async def test_a_payload_with_invalid_text_is_refused_and_kept_out_of_the_log(raw: RawWire) -> None:
    raw.send(TEXT, b'[2,"d","DataTransfer",{"vendorId":"\xff\xfe"}]')
    opcode, payload = await raw.receive()
    assert (opcode, json.loads(payload)[:3]) == (TEXT, [4, "d", "FormationViolation"])
    raw.send(TEXT, HEARTBEAT)
    await answered(raw)


# --- floods ----------------------------------------------------------------------------------------------------------


@pytest.mark.trust("A30")
async def test_a_flood_of_one_station_is_held_back_and_others_are_answered(
    service: Service, register: Register
) -> None:
    identity, quiet = await register(), await register()
    async with station(service, identity) as wire:
        await wire.boot()
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    async with station(service, quiet) as wire:
        await wire.boot()
        number = 20_000
        sent = b"".join(b'[2,"%d","DataTransfer",{"vendorId":"V"}]|' % n for n in range(number)).split(b"|")[:-1]
        for message in sent:
            raw.send(TEXT, message)
        for _ in range(20):
            assert (await wire.call("Heartbeat", {}))[0] == 3
        flooding = next(c for c in service.hub.connections.values() if c.station.identity == identity)
        assert len(flooding.session._waiting_in or ()) < 1000
        for n in range(number // 20):
            await answered(raw, str(n))
    raw.drop()


@pytest.mark.trust("A30")
async def test_more_requests_at_once_than_can_wait_close(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocpp_css.ocpp.session.MAX_WAITING_IN", 3)
    raw = await RawWire.open(service, f"/ocpp/{await register()}")
    for n in range(10):
        raw.send(TEXT, b'[2,"%d","Heartbeat",{}]' % n)
    assert await raw.closed_with() == 1008


async def test_who_does_not_read_is_cut(service: Service, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_UNSENT_BYTES", 64 << 10)
    identity = await register()
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    raw.writer.transport.pause_reading()
    connection = next(c for c in service.hub.connections.values() if c.station.identity == identity)
    assert connection.transport is not None
    waiting = 0
    while not connection.is_gone:
        connection.send(b"x" * 10_000)
        waiting = max(waiting, connection.transport.underlying_transport.get_write_buffer_size())
        await asyncio.sleep(0)

    async def is_cut() -> bool:
        return connection.is_gone

    assert await until(is_cut)
    assert waiting <= (64 << 10) + 20_000
