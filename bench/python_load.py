"""The load generator where C cannot be compiled: the options and the output of loadgen.c, on picows and uvloop.

It takes more CPU time than the servers it measures, so its figures are lower bounds; the report says that it was used.
"""

import argparse
import asyncio
import itertools
import json
import os
import ssl
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.programs import descendants

PATIENCE_S = 240.0
TURN = timedelta(seconds=10)
TURN_WH = 30
START = datetime.now(UTC) - timedelta(days=20)
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SAMPLES: list[dict[str, str]] = [
    {"value": "16.02", "measurand": "Current.Import", "phase": "L1", "unit": "A"},
    {"value": "15.98", "measurand": "Current.Import", "phase": "L2", "unit": "A"},
    {"value": "16.00", "measurand": "Current.Import", "phase": "L3", "unit": "A"},
    {"value": "230.1", "measurand": "Voltage", "phase": "L1", "unit": "V"},
    {"value": "229.8", "measurand": "Voltage", "phase": "L2", "unit": "V"},
    {"value": "11040", "measurand": "Power.Active.Import", "unit": "W"},
    {"value": "57", "measurand": "SoC", "unit": "Percent"},
]
PERIODIC = {"context": "Sample.Periodic", "format": "Raw"}
REST = ",".join(json.dumps(sample | PERIODIC, separators=(",", ":")) for sample in SAMPLES)
ENERGY = '"measurand":"Energy.Active.Import.Register","unit":"Wh","context":"Sample.Periodic","format":"Raw"'
STATUS = '{"connectorId":1,"errorCode":"NoError","status":"%s","timestamp":"%s"}'
BOOT = '{"chargePointVendor":"VendorX","chargePointModel":"Model1","chargePointSerialNumber":"SN%06d"}'


@dataclass(slots=True)
class Tally:
    """What was seen."""

    latencies_ms: list[float] = field(default_factory=list)
    connects_ms: list[float] = field(default_factory=list)
    is_measuring: bool = False
    is_stopping: bool = False
    missed: int = 0
    flood_sent: int = 0
    flood_answered: int = 0
    lost: int = 0
    wrong: int = 0


class Station(WSListener):
    """One station: one request at a time."""

    def __init__(self, number: int, given: argparse.Namespace, tally: Tally) -> None:
        self.number, self.given, self.tally = number, given, tally
        self.is_flooder = number == given.c
        self.mode = given.F if self.is_flooder else given.m
        self.turn = 0
        self.transaction = 0 if given.B else 1000 + number
        self.said = ""
        self.sent = 0.0
        self.is_waiting = False
        self.transport: WSTransport | None = None
        self.is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.given.B:
            self.send("BootNotification", BOOT % self.number)
        else:
            self.is_ready.set_result(None)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002
        self.transport = None
        if not self.tally.is_stopping:
            self.tally.lost += 1
            sys.stderr.write(f"station {self.number}: connection lost\n")
        if not self.is_ready.done():
            self.is_ready.set_exception(ConnectionError("closed"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        kind, message_id, *said = json.loads(frame.get_payload_as_bytes())
        if kind == 2:
            self.obey(transport, message_id, said[0])
            return
        if self.is_flooder and self.is_ready.done():
            self.tally.flood_answered += self.tally.is_measuring
            return
        if kind != 3 or int(message_id, 16) != self.turn or not self.hear(said[0]):
            self.tally.wrong += 1
            sys.stderr.write(f"refused: {kind} {message_id} {said}"[:200] + "\n")
        if self.tally.is_measuring:
            self.tally.latencies_ms.append((time.perf_counter() - self.sent) * 1000)
        self.turn += 1
        self.is_waiting = False
        self.go_on()

    @staticmethod
    def obey(transport: WSTransport, message_id: str, action: str) -> None:
        """A request of the central system: these stations know DataTransfer, and nothing else."""
        is_known = action == "DataTransfer"
        answer = [3, message_id, {"status": "Accepted"}] if is_known else [4, message_id, "NotImplemented", "", {}]
        transport.send(WSMsgType.TEXT, json.dumps(answer).encode())

    def go_on(self) -> None:
        """After an answer: the transaction of mode meter, then one request after the other."""
        if self.is_ready.done():
            if not self.tally.is_stopping and not self.given.r:
                self.speak()
        elif self.mode == "meter" and self.said == "BootNotification" and not self.given.S:
            self.start_or_stop()
        else:
            self.is_ready.set_result(None)

    def hear(self, answer: dict[str, Any]) -> bool:
        """Whether a charging station can go on with the answer."""
        if self.said == "StopTransaction":
            self.transaction = 0
        elif self.said == "StartTransaction":
            self.transaction = answer["transactionId"]
            return bool(answer["idTagInfo"]["status"] == "Accepted")
        return self.said != "BootNotification" or answer["status"] == "Accepted"

    def speak(self, due: float = 0.0) -> None:
        """The next request of the mode, no two the same by meaning."""
        mode = self.mode
        if mode == "mix":
            mode = ("heartbeat",) * 4 + ("status",) * 2 + ("meter",) * 3 + ("tx",)
            mode = mode[(self.turn + self.number) % 10]
        match mode:
            case "heartbeat":
                self.send("Heartbeat", "{}", due)
            case "status":
                self.send("StatusNotification", STATUS % (("SuspendedEV", "Charging")[self.turn & 1], self.at()), due)
            case "meter":
                transaction = f'"transactionId":{self.transaction},' if self.transaction else ""
                values = f'[{{"timestamp":"{self.at()}","sampledValue":[{{"value":"{self.wh()}",{ENERGY}}},{REST}]}}]'
                self.send("MeterValues", f'{{"connectorId":1,{transaction}"meterValue":{values}}}', due)
            case _:
                self.start_or_stop(due)

    def start_or_stop(self, due: float = 0.0) -> None:
        tag = f'"idTag":"{self.given.g or f"TAG{self.number:05}"}","timestamp":"{self.at()}"'
        if self.transaction:
            body = f'{{"transactionId":{self.transaction},"meterStop":{self.wh()},"reason":"Local",{tag}}}'
            self.send("StopTransaction", body, due)
        else:
            self.send("StartTransaction", f'{{"connectorId":1,"meterStart":{self.wh()},{tag}}}', due)

    def at(self) -> str:
        return (START + self.turn * TURN).strftime("%Y-%m-%dT%H:%M:%SZ")

    def wh(self) -> int:
        return 1000 + self.turn * TURN_WH

    def send(self, action: str, payload: str, due: float = 0.0) -> None:
        """Send a request; its latency counts from when it was due."""
        if self.transport is None:
            return
        self.said, self.sent, self.is_waiting = action, due or time.perf_counter(), True
        self.transport.send(WSMsgType.TEXT, f'[2,"{self.turn:08x}","{action}",{payload}]'.encode())


def use(pid: int) -> tuple[float, float]:
    """CPU seconds and resident KiB of a process and all that it started, those that have ended among them."""
    cpu = rss = 0.0
    for one in descendants(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        cpu += sum(map(int, fields[11:15])) / TICKS_PER_S
        rss += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1024
    return cpu, rss


def others(given: argparse.Namespace) -> list[float]:
    """CPU seconds of each process that is told apart."""
    return [use(int(pid))[0] for pid in given.Q.split(",") if pid]


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(int(part * len(ordered)), len(ordered) - 1)], 2) if ordered else 0.0


async def connect_all(given: argparse.Namespace, tally: Tally) -> list[Station]:
    """The stations that got in, and booted if they have to."""
    gate = asyncio.Semaphore(given.C)
    context = ssl.create_default_context() if given.T else None
    if context is not None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    scheme = "wss" if given.T else "ws"

    async def connect(number: int) -> Station | None:
        async with gate:
            station, began = Station(number, given, tally), time.perf_counter()
            try:
                await ws_connect(
                    lambda: station, f"{scheme}://127.0.0.1:{given.p}{given.u}{number:05}", ssl_context=context,
                    extra_headers={"Sec-WebSocket-Protocol": given.s}, websocket_handshake_timeout=30,
                )  # fmt: skip
                await asyncio.wait_for(station.is_ready, PATIENCE_S)
            except Exception as fault:  # noqa: BLE001 - told, and counted as lost
                sys.stderr.write(f"station {number}: {fault}\n")
                tally.lost += 1
                return None
            tally.connects_ms.append((time.perf_counter() - began) * 1000)
            return station

    found = await asyncio.gather(*(connect(number) for number in range(given.c + bool(given.f))))
    return [station for station in found if station is not None]


async def keep_on(stations: list[Station], given: argparse.Namespace, tally: Tally, seconds: float) -> None:
    """Let them talk; with a rate, let the next free one talk whenever something is due."""
    if not given.r:
        await asyncio.sleep(seconds)
        return
    quiet = [station for station in stations if not station.is_flooder]
    flooders = [station for station in stations if station.is_flooder]
    began, sent, around, flooded = time.perf_counter(), 0, itertools.cycle(quiet), 0
    while (now := time.perf_counter()) < began + seconds:
        while sent < (now - began) * given.r:
            station = next((s for s in itertools.islice(around, len(quiet)) if not s.is_waiting), None)
            if station is None:
                tally.missed += 1
                break
            station.speak(began + sent / given.r)
            sent += 1
        due = int((now - began) * given.f)
        for flooder in flooders:
            flood(flooder, due - flooded, tally)
        flooded = due
        await asyncio.sleep(0.001)


def flood(station: Station, count: int, tally: Tally) -> None:
    """Send so many without waiting; what the socket does not take any more is never sent."""
    for _ in range(count):
        if station.transport is None or station.transport.underlying_transport.get_write_buffer_size():
            return
        station.speak()
        station.turn += 1
        tally.flood_sent += tally.is_measuring


async def warm_up(stations: list[Station], given: argparse.Namespace, tally: Tally) -> float:
    """Until each station had the answers to its first messages; how long that took."""
    began, turns = time.perf_counter(), 12 if given.m == "mix" else 5
    for station in stations if not given.r else ():
        station.speak()
    while True:
        await keep_on(stations, given, tally, given.w)
        took = time.perf_counter() - began
        if took > 30 or all(station.turn >= turns or station.is_flooder for station in stations):
            return round(took, 2)


async def main(given: argparse.Namespace) -> None:
    """Connect, warm up, tell of that, measure, tell of that."""
    tally = Tally()
    cpu, rss_before = use(given.P)
    began = time.perf_counter()
    stations = await connect_all(given, tally)
    connect_s = time.perf_counter() - began
    cpu_connected, rss = use(given.P)
    told = {
        "connections": sum(not station.is_flooder for station in stations), "connect_s": round(connect_s, 3),
        "connect_cpu_s": round(cpu_connected - cpu, 2),
        "connect_p50_ms": percentile(tally.connects_ms, 0.5), "connect_p99_ms": percentile(tally.connects_ms, 0.99),
        "rss_before_kb": rss_before, "rss_connected_kb": rss,
    }  # fmt: skip
    is_talking = not given.S and bool(stations)
    warm_up_s = await warm_up(stations, given, tally) if is_talking else 0
    tell(told)
    measured = await measure(stations, given, tally, warm_up_s) if is_talking else {}
    tally.is_stopping = True
    tell(measured | {"lost": tally.lost, "wrong": tally.wrong})


def tell(figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


async def measure(stations: list[Station], given: argparse.Namespace, tally: Tally, warm_up_s: float) -> dict[str, Any]:
    tally.missed, tally.is_measuring = 0, True
    cpu, before, own, began = use(given.P)[0], others(given), time.process_time(), time.perf_counter()
    await keep_on(stations, given, tally, given.d)
    tally.is_measuring, tally.is_stopping = False, True
    seconds = time.perf_counter() - began
    after, rss = use(given.P)
    cpu, count = after - cpu, len(tally.latencies_ms)
    apart = [now - then for now, then in zip(others(given), before, strict=True)]
    return {
        "warm_up_s": warm_up_s, "messages": count, "msg_per_s": round(count / seconds),
        "p50_ms": percentile(tally.latencies_ms, 0.5), "p99_ms": percentile(tally.latencies_ms, 0.99),
        "p999_ms": percentile(tally.latencies_ms, 0.999), "cpu_percent": round(cpu / seconds * 100),
        "others_cpu_percent": round(sum(apart) / seconds * 100),
        "generator_cpu_percent": round((time.process_time() - own) / seconds * 100),
        "us_cpu_per_msg": round((cpu + sum(apart)) * 1e6 / count, 2) if count else 0, "rss_kb": rss,
        "missed": tally.missed, "flood_per_s": round(tally.flood_sent / seconds),
        "flood_answered_per_s": round(tally.flood_answered / seconds),
        "others_us_per_msg": [round(one * 1e6 / count, 2) if count else 0 for one in apart],
    }  # fmt: skip


def options() -> argparse.Namespace:
    """As loadgen.c reads them."""
    parser = argparse.ArgumentParser(description="See loadgen.c for the options.")
    for letter, kind, default in (
        ("p", int, 9220), ("c", int, 500), ("d", float, 5.0), ("w", float, 1.0), ("m", str, "heartbeat"),
        ("u", str, "/ocpp/CP"), ("s", str, "ocpp1.6"), ("g", str, ""), ("C", int, 100), ("a", int, 1),
        ("r", float, 0.0), ("f", float, 0.0), ("F", str, "heartbeat"), ("P", int, 0), ("Q", str, ""),
    ):  # fmt: skip
        parser.add_argument(f"-{letter}", type=kind, default=default)
    for letter in "BST":
        parser.add_argument(f"-{letter}", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    uvloop.run(main(options()))
    os._exit(0)
