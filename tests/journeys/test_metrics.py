"""What Prometheus is told, to whom, and that the dashboard asks for nothing else."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from tests.running import api_of, default_account, station, until, whole_service

from ocpp_css.app.running import Service
from ocpp_css.kit.ids import public
from ocpp_css.observe.measures import LATENCY_NS

pytestmark = pytest.mark.anyio
DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "ocpp-css.json"

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(service: Service, **headers: str) -> str:
    async with httpx.AsyncClient(headers=headers) as client:
        answer = await client.get(f"{service.web_url}/metrics")
        assert answer.status_code == 200, answer.text
        return answer.text


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"ocpp_css_{name}", tuple(sorted(labels.items()))]


async def test_messages_connections_and_commits_are_counted(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP1"})
    async with station(service, "CP1") as wire:
        await wire.boot()
        for _ in range(3):
            await wire.ask("Heartbeat", {})
        await wire.call("Heartbeat", {"unknown": 1})
        await wire.call("Invented", {})
        sent = asyncio.create_task(api.post("/stations/CP1/commands", json={"action": "ClearCache", "payload": {}}))
        await wire.answer({"status": "Accepted"})
        await sent
        found = samples(await scraped(service))
    assert value(found, "messages_total", direction="in", action="Heartbeat", outcome="answered") == 3
    assert value(found, "messages_total", direction="in", action="Heartbeat", outcome="refused") == 1
    assert value(found, "messages_total", direction="in", action="other", outcome="refused") == 1
    assert value(found, "messages_total", direction="out", action="ClearCache", outcome="answered") == 1
    account = public((await default_account(service)).account_id)
    assert value(found, "account_messages_total", account=account, direction="in") == 6
    assert value(found, "connections", version="1.6") == 1
    assert value(found, "handshakes_total", outcome="accepted") == 1
    buckets = [
        number
        for (name, labels), number in found.items()
        if name == "ocpp_css_message_duration_seconds_bucket" and dict(labels)["action"] == "Heartbeat"
    ]
    assert len(buckets) == len(LATENCY_NS) + 1
    assert buckets == sorted(buckets)
    assert buckets[-1] == value(found, "message_duration_seconds_count", direction="in", action="Heartbeat") == 4
    assert value(found, "commit_duration_seconds_count") > 3
    assert value(found, "queue_depth", queue="writer") == 0


async def test_accounts_beyond_the_bound_share_a_label(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp_css.app.metrics.MOST_ACCOUNTS", 2)
    for tenant in range(1, 5):
        service.hub.dispatcher.received.note(tenant, "Heartbeat", "answered", 1)
    first, second = samples(await scraped(service)), samples(await scraped(service))
    for found in (first, second):
        assert value(found, "account_messages_total", account=public(1), direction="in") == 1
        assert value(found, "account_messages_total", account="other", direction="in") == 2


async def test_the_figures_are_told_to_the_operator_only(tmp_path: Path) -> None:
    async with whole_service(tmp_path / "here") as service, httpx.AsyncClient(base_url=service.web_url) as client:
        assert (await client.get("/metrics")).status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "Via"):
            assert (await client.get("/metrics", headers={name: "192.0.2.1"})).status_code == 401
    async with whole_service(tmp_path / "token", metrics_token="right") as service:
        assert "ocpp_css_connections" in await scraped(service, Authorization="Bearer right")
        async with httpx.AsyncClient(base_url=service.web_url) as client:
            for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
                answer = await client.get("/metrics", headers=shown)
                assert (answer.status_code, "ocpp_css" in answer.text) == (401, False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with (
        whole_service(tmp_path / "proxy", public_url="https://charge.example", web_port=port),
        httpx.AsyncClient() as client,
    ):
        assert (await client.get(f"http://127.0.0.1:{port}/metrics")).status_code == 401


async def test_health_and_metrics_have_a_port_of_their_own(tmp_path: Path) -> None:
    async with (
        whole_service(tmp_path / "data", watch_port=0, public_url="https://charge.example") as service,
        httpx.AsyncClient(base_url=service.watch_url) as client,
    ):
        assert "ocpp_css_connections" in (await client.get("/metrics")).text
        assert (await client.get("/metrics", headers={"Via": "1.1 proxy"})).status_code == 401
        assert (await client.get("/health/ready")).json()["status"] == "ok"
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/api/v1/ping")).status_code == 404


def names_in(dashboard: str) -> set[str]:
    return set(re.findall(r"\b(?:ocpp_css|process|python)_[a-z_]+", dashboard))


async def test_the_dashboard_asks_only_for_what_is_told(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP1"})
    async with station(service, "CP1") as wire:
        await wire.boot()
        text = await scraped(service)
    told = {name for name, _ in samples(text)}
    families = {family.name for family in text_string_to_metric_families(text)}
    counters = {f"{name}_total" for name in families}
    dashboard = json.loads(DASHBOARD.read_text())
    asked = names_in(json.dumps([target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]))
    assert len(asked) > 10
    assert asked - told - counters == set()


class Receiver:
    """Takes what an OTLP exporter sends."""

    def __init__(self) -> None:
        received: list[bytes] = []
        self.received = received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.stop()


async def test_traces_reach_a_receiver(tmp_path: Path, receiver: Receiver) -> None:
    async with whole_service(tmp_path / "data", traces=receiver.url, trace_share=1.0) as service:
        async with await api_of(service) as api:
            await api.post("/stations", json={"identity": "CP1"})
        async with station(service, "CP1") as wire:
            await wire.boot()

    async def sent() -> bool:
        return bool(receiver.received)

    await until(sent)
    told = ExportTraceServiceRequest.FromString(receiver.received[0])
    names = {span.name for part in told.resource_spans for scope in part.scope_spans for span in scope.spans}
    assert names == {"BootNotification", "handle", "commit"}
