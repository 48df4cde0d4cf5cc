"""A message from its frame to its commit, as spans."""

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.running import now, station

from ocpp_css.app.running import Service
from ocpp_css.observe.traces import Traces

pytestmark = pytest.mark.anyio
SECRET_TAG = "CANARYTAG"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def traces(exporter: InMemorySpanExporter, share: float) -> Traces:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Traces(provider, share)


@pytest.mark.trust("R29")
async def test_a_message_is_a_span_with_its_handling_and_its_commit(
    service: Service, api: httpx.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    service.hub.dispatcher.traces = traces(exporter, 1.0)
    await api.post("/stations", json={"identity": "CP1"})
    await api.post("/tokens", json={"id_token": SECRET_TAG})
    async with station(service, "CP1") as wire:
        await wire.boot()
        start = {"connectorId": 1, "idTag": SECRET_TAG, "meterStart": 1, "timestamp": now()}
        await wire.ask("StartTransaction", start)
        await wire.call("Invented" + SECRET_TAG, {})
    spans = exporter.get_finished_spans()
    roots = {span.name: span for span in spans if span.parent is None}
    assert set(roots) == {"BootNotification", "StartTransaction", "other"}
    started = roots["StartTransaction"]
    assert started.attributes is not None
    assert dict(started.attributes) | {"ocpp.tenant": 0} == {
        "ocpp.action": "StartTransaction", "ocpp.version": "1.6", "ocpp.outcome": "answered", "ocpp.station": "CP1",
        "ocpp.tenant": 0,
    }  # fmt: skip
    inside = [span for span in spans if span.parent is not None and span.parent.span_id == started.context.span_id]
    handle, commit = sorted(inside, key=lambda span: span.start_time or 0)
    assert (handle.name, commit.name) == ("handle", "commit")
    assert handle.start_time == started.start_time
    assert handle.end_time == commit.start_time
    assert commit.end_time == started.end_time
    assert SECRET_TAG not in "".join(span.to_json() for span in spans)


async def test_without_a_share_nothing_is_told(
    service: Service, api: httpx.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    service.hub.dispatcher.traces = traces(exporter, 0.0)
    await api.post("/stations", json={"identity": "CP1"})
    async with station(service, "CP1") as wire:
        await wire.boot()
    assert exporter.get_finished_spans() == ()
